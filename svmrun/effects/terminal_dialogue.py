"""Talk to a program that asks questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pexpect

from svmrun.adapters.base import Command, Completed, Dialogue, Prompt
from svmrun.effects import clock
from svmrun.effects.cancel import Cancel, CancelDue
from svmrun.effects.ending import POLL_SECONDS, Ending, end_now
from svmrun.effects.process import OnStart, cannot_start, completed, ignore_start
from svmrun.effects.spool import OnOutput, Spool, ignore_output
from svmrun.effects.terminal import STREAM, CannotType, Terminal

QUIET_SECONDS = 1.5  # an unfinished line that looks like a question is one when nothing follows for so long
LEAVING_QUIET_SECONDS = 0.3
TAIL_CHARACTERS = 2000

Ask = Callable[[str], str | None]


def converse(
    command: Command,
    *,
    program: str,
    timeout_seconds: float,
    output: Path,
    cancel: Cancel,
    environment: Mapping[str, str],
    ask: Ask | None = None,
    secrets: Sequence[str] = (),
    on_start: OnStart = ignore_start,
    on_output: OnOutput = ignore_output,
    grace_seconds: float = 5.0,
    pass_fds: tuple[int, ...] = (),
) -> Completed:
    """Run the command on a pseudo-terminal and answer its questions as `command.dialogue` says.

    A question without an answer, and one that nobody knows, goes to `ask` with the end of the transcript; without
    `ask` (or without its answer) the program is ended, and `failure` holds that end. The dialogue's silence limit and
    `timeout_seconds` end it like a time-out of `process.run`. Secrets (`secrets` and secret answers) are masked in
    `output`, in the transcript and in what `on_output` gets. A password question at the very beginning belongs to
    how the program is started: it is left out of the transcript.
    """
    started = clock.steady()
    talk = command.dialogue or Dialogue()
    if cancel.due:
        return Completed(command.argv, None, cancelled=True, failure="cancelled before it was started")
    hidden = (*secrets, *(p.answer for p in talk.prompts if p.secret and p.answer))
    with Spool(output, hidden, on_output) as spool:
        try:
            patterns = [re.compile(prompt.pattern) for prompt in talk.prompts]
            terminal = Terminal(command, program, environment, spool, pass_fds)
        except (OSError, ValueError) as error:
            return Completed(command.argv, None, failure=cannot_start(program, command.directory, error))
        except re.error as error:
            return Completed(command.argv, None, failure=f"a prompt's pattern is no regular expression: {error}")
        child = terminal.child
        ending = Ending(child.tree, command.stop_signal, timeout_seconds, grace_seconds)
        try:
            on_start(child.pid)
            conversation = _Talk(terminal, talk, patterns, ending, spool, ask)
            failure = conversation.hold(cancel)
        except BaseException:
            end_now(child.tree, child.reap)
            raise
        finally:
            status = child.reap()
            terminal.hang_up()
        transcript = conversation.transcript()
        return replace(completed(command, status, ending, transcript, "", started), failure=failure)


class _Talk:
    """One conversation, from the program's start to the end of its tree."""

    def __init__(
        self,
        terminal: Terminal,
        talk: Dialogue,
        patterns: list[re.Pattern[str]],
        ending: Ending,
        spool: Spool,
        ask: Ask | None,
    ) -> None:
        self._terminal = terminal
        self._talk = talk
        self._patterns: list[Any] = [*patterns, pexpect.EOF, pexpect.TIMEOUT]
        self._question = re.compile(talk.question)
        self._ending = ending
        self._spool = spool
        self._ask = ask
        self._asked = [0] * len(talk.prompts)
        self._begun = False
        self._password_came_first = False

    def transcript(self) -> str:
        text = self._spool.text(STREAM)
        # The program ends the line on which the password was typed unseen.
        return text.removeprefix("\n") if self._password_came_first else text

    def hold(self, cancel: Cancel) -> str:
        """The failure, empty when there was none."""
        failure = ""
        self._terminal.cancel = cancel
        try:
            failure = self._listen(cancel)
        except CancelDue:
            end = self._ending.cancel if cancel.due else self._ending.time_out
            end()
        except CannotType as error:
            failure = self._with_tail(str(error))
        self._terminal.cancel = None
        if failure:
            self._ending.stop()
        see_out(self._terminal, self._ending, cancel, self._question)
        return failure

    def _listen(self, cancel: Cancel) -> str:
        while self._ending.stage == "running":
            index = self._terminal.expect_list(self._patterns, timeout=self._patience_seconds())
            if index < len(self._talk.prompts):
                failure = self._answer(index, cancel)
            elif self._patterns[index] is pexpect.EOF:
                return ""
            else:
                failure = self._consider_the_silence(cancel)
            if failure:
                return failure
            self._ending.advance()
        return ""

    def _patience_seconds(self) -> float:
        """Until the next moment at which silence means something."""
        quiet = self._terminal.quiet_seconds
        # What is printed while we listen begins a new silence: never listen longer than one takes to mean something.
        limits = [self._ending.next_deadline - clock.steady(), QUIET_SECONDS - quiet % QUIET_SECONDS]
        if self._talk.silence_seconds is not None:
            limits.append(self._talk.silence_seconds - quiet)
        return max(0.0, min(limits))

    def _answer(self, index: int, cancel: Cancel) -> str:
        prompt = self._talk.prompts[index]
        self._asked[index] += 1
        if prompt.fails is not None:
            return self._with_tail(prompt.fails)
        if self._asked[index] > prompt.at_most:
            return self._with_tail(f"the question {prompt.name or prompt.pattern!r} came again after {prompt.at_most}")
        if prompt.answer is None:
            unanswered = f"nobody is there to answer the question {prompt.name or prompt.pattern!r}"
            return self._hand_over(unanswered, cancel, prompt)
        self._enter(prompt.answer, prompt)
        return ""

    def _enter(self, answer: str, prompt: Prompt) -> None:
        opening = not self._begun and not str(self._terminal.before).strip()
        if prompt.secret and opening:
            self._spool.restart(STREAM)
            self._password_came_first = True
        else:
            self._begun = True
        self._terminal.enter(answer, secret=prompt.secret, newline=prompt.enter)

    def _hand_over(self, otherwise: str, cancel: Cancel, prompt: Prompt | None = None) -> str:
        """Ask the operator with the program's own words, and behind them what its question is about."""
        self._begun = True
        answer, advice = None, prompt.name if prompt else ""
        if self._ask:
            with cancel.breaking(self._ending.next_deadline - clock.steady()):
                answer = self._ask(f"{self._tail().rstrip()}\n{advice}:" if advice else self._tail())
        if answer is None:
            return self._with_tail(otherwise)
        self._terminal.let_go(keep=0)
        self._terminal.enter(answer, newline=prompt is None or prompt.enter)
        self._terminal.last_output = clock.steady()
        return ""

    def _consider_the_silence(self, cancel: Cancel) -> str:
        quiet = self._terminal.quiet_seconds
        if quiet >= QUIET_SECONDS and self._question.search(self._terminal.unanswered):
            return self._hand_over("it asks a question that nobody expected", cancel)
        if self._talk.silence_seconds is not None and quiet >= self._talk.silence_seconds:
            self._ending.time_out()
            return self._with_tail(f"it printed nothing for {self._talk.silence_seconds:g} s")
        self._terminal.let_go()
        return ""

    def _tail(self) -> str:
        return self._spool.text(STREAM)[-TAIL_CHARACTERS:]

    def _with_tail(self, sentence: str) -> str:
        tail = self._tail().strip("\n")
        return f"{sentence}; the end of what it printed:\n{tail}" if tail else sentence


def see_out(terminal: Terminal, ending: Ending, cancel: Cancel | None, question: re.Pattern[str]) -> None:
    """Stay until the tree is gone or given up, and read on: a full terminal would keep the program from ending.

    A question while it is being ended gets the end of its input: a ufsdump that was interrupted asks whether it
    shall abort, and aborts at the end of its input (dumptape.c).
    """
    closed = False
    while not _over(terminal, ending):
        if ending.stage == "running" and cancel is not None and cancel.due:
            ending.cancel()
        ending.advance()
        if ending.stage == "killing" and not closed:
            # Who became root through su cannot be signalled by us, but hears when the terminal hangs up.
            terminal.close()
            closed = True
        if closed:
            terminal.child.wait_for_end(POLL_SECONDS)
            continue
        closed = terminal.expect_list([pexpect.EOF, pexpect.TIMEOUT], timeout=POLL_SECONDS) == 0
        if ending.stage == "stopping" and _asks(terminal, question):
            terminal.end_input()
            terminal.let_go(keep=0)
        elif not closed:
            terminal.let_go()
    if not closed:
        terminal.let_go_all()


def _over(terminal: Terminal, ending: Ending) -> bool:
    if ending.stage == "running":
        return terminal.child.ended
    return ending.over(terminal.child.ended)


def _asks(terminal: Terminal, question: re.Pattern[str]) -> bool:
    return terminal.quiet_seconds > LEAVING_QUIET_SECONDS and bool(question.search(terminal.unanswered))
