"""Holds and rollback handlers: whether they undo what was done, in time."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.adapters.base import Parts
from svmrun.lint.book import Book, at, same
from svmrun.lint.rule import Found, Rule
from svmrun.runbook.model import Action, Release, Step
from svmrun.windows import Part, in_words, worst_case_seconds

_MUCH_LONGER = 3  # times the worst case
_LEAST_SPARE_SECONDS = 60


def no_rollback(book: Book) -> Iterator[Found]:
    for _, step in book.steps:
        inverse = _inverse(book, step) if _must_not_last(book, step) else None
        if inverse and not step.rollback:
            message = f"{step.id!r} is not undone when a later step fails"
            yield Found(message, at(step.action), f"give it a rollback with {inverse.adapter}, and a hold")


def no_hold(book: Book) -> Iterator[Found]:
    for _, step in book.steps:
        if _must_not_last(book, step) and step.rollback and step.hold_seconds is None:
            message = f"the effect of {step.id!r} has no limit, and lasts when all goes well"
            yield Found(message, at(step.action), "give it a hold, and release it in a later step")


def other_object(book: Book) -> Iterator[Found]:
    for _, step in book.steps:
        inverse = _inverse(book, step)
        handlers = [handler for handler in step.rollback if inverse and handler.adapter == inverse.adapter]
        for handler in handlers:
            if not inverse or any(not _differing(book, h, inverse) for h in handlers):
                continue
            for name in _differing(book, handler, inverse):
                wanted, written = inverse.arguments.get(name), handler.arguments.get(name)
                message = f"{step.id!r} is undone on something else: {name} is {written!r} here, {wanted!r} there"
                yield Found(message, at(handler, *([name] if name in handler.arguments else [])), of_key=False)


def impatient_handler(book: Book) -> Iterator[Found]:
    """What took long to do may take as long to undo."""
    for _, step in book.steps:
        own = _timeout(book, step.action)
        for handler in step.rollback:
            if own and handler.timeout_seconds is not None and handler.timeout_seconds < own:
                message = (
                    f"the handler of {step.id!r} is given up after {in_words(handler.timeout_seconds)}, "
                    f"while the step itself may take {in_words(own)}"
                )
                yield Found(message, (*handler.path, "timeout"), "give it at least the step's time", of_key=False)


def generous_limit(book: Book) -> Iterator[Found]:
    """A limit that is far away lets writers hang for nothing when the runner dies in a way that nobody sees."""
    for index, step in book.steps:
        if step.hold_seconds is None or not book.blocks_writers(step.action):
            continue
        worst = _worst(book, index, step)
        if worst and step.hold_seconds > max(_MUCH_LONGER * worst, worst + _LEAST_SPARE_SECONDS):
            message = (
                f"writers may wait for {in_words(step.hold_seconds)}, and all that is done takes {in_words(worst)}"
            )
            yield Found(f"{message} at most", (*step.path, "hold"), "lower the limit", of_key=False)


def blind_retry(book: Book) -> Iterator[Found]:
    for action, _ in book.actions():
        judged = book.judged(action)
        if judged and action.retry and action.retry.attempts > 1 and not judged[0].repeatable(judged[1]):
            message = f"{action.adapter} is tried again although the first attempt may have had its effect"
            if action.adapter != "command" and not _is_handler(book, action):
                yield Found(message, (*action.path, "retry"), "leave the retry away: a rollback starts from what is")


def tolerated_failure(book: Book) -> Iterator[Found]:
    for _, step in book.steps:
        codes = book.arguments(step.action).get("exit_codes", [0])
        if book.blocks_writers(step.action) and codes != [0]:
            message = f"{step.id!r} counts as done although its program may have failed: the copy may be of moving data"
            yield Found(message, at(step.action, "exit_codes"), "leave exit_codes away, or allow it with the reason")


def _is_handler(book: Book, action: Action) -> bool:
    return any(action in step.rollback for _, step in book.steps)


def _must_not_last(book: Book, step: Step) -> bool:
    stops = step.action.adapter == "svcadm" and step.action.arguments.get("action") == "disable"
    return stops or book.takes_a_side_off(step.action) or book.blocks_writers(step.action)


def _inverse(book: Book, step: Step) -> Parts | None:
    return book.adapter(step.action).inverse(book.arguments(step.action))


def _differing(book: Book, handler: Action, inverse: Parts) -> list[str]:
    """The arguments that say on what the handler works, where they are not those that undo the step."""
    written = book.arguments(handler)
    saying = {*book.adapter(handler).schema["required"], "diskset"}
    names = [name for name in inverse.arguments if name in saying]
    return [name for name in names if not same(written.get(name), inverse.arguments[name])]


def _timeout(book: Book, action: Action) -> float | None:
    if action.timeout_seconds is not None:
        return action.timeout_seconds
    judged = book.judged(action)
    return judged[0].default_timeout(judged[1]) if judged else None


def _worst(book: Book, index: int, hold: Step) -> float | None:
    """The longest time of all actions from the hold's own to its release; None while one is not known."""
    end = book.release_of(hold)
    inside = book.runbook.steps[index : (index if end is None else end) + 1]
    steps = {step.id: step for _, step in book.steps}
    parts: list[Part] = []
    for member in inside:
        actions = steps[member.step].rollback if isinstance(member, Release) else (member.action,)
        least = _timeout(book, steps[member.step].action) if isinstance(member, Release) else 0.0
        for action in actions:
            own = _timeout(book, action)
            if own is None or least is None:
                return None
            retry = action.retry if isinstance(member, Step) else None
            time = own if action.timeout_seconds is not None else max(own, least)
            parts.append(Part(member.id, time, retry.attempts, retry.delay_seconds) if retry else Part(member.id, time))
    return worst_case_seconds(parts)


RULES = (
    Rule("SR030", "no-rollback", "error", "What must not last is not undone after a failure", no_rollback),
    Rule("SR031", "no-hold", "warning", "What must not last has no limit", no_hold),
    Rule("SR032", "other-object", "error", "A handler undoes something else than its step did", other_object),
    Rule("SR033", "impatient-handler", "warning", "A handler has less time than its step", impatient_handler),
    Rule("SR034", "generous-limit", "note", "Writers may wait much longer than they need to", generous_limit),
    Rule("SR035", "blind-retry", "warning", "A retry of what may have been done already", blind_retry),
    Rule("SR036", "tolerated-failure", "warning", "A quiesce that may fail and still counts", tolerated_failure),
)
