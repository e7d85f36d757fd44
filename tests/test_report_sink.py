"""A terminal that stands still must not hold up a run that holds a lock."""

from __future__ import annotations

import os
import pty
import select
import time
from pathlib import Path

from svmrun.report.live import LiveReporter
from svmrun.report.sink import BACKLOG_BYTES, Sink
from tests.replay_report import read_events, read_plan


def drain(master: int) -> bytes:
    """All that was written to the other side of a pseudo-terminal."""
    told = b""
    while select.select([master], [], [], 0.05)[0]:
        told += os.read(master, 1 << 16)
    return told


def test_a_terminal_that_stands_still_does_not_block_and_gets_everything_later() -> None:
    master, slave = pty.openpty()
    with open(slave, "w") as stream:
        sink = Sink(stream)
        began = time.monotonic()
        for number in range(2000):
            sink.write(f"{number:0100}\n")
            sink.flush()
        assert time.monotonic() - began < 10
        assert sink.behind
        told = b""
        while sink.behind or b"1999\r\n" not in told:
            told += os.read(master, 1 << 16)
            sink.flush()
    os.close(master)
    assert [int(line) for line in told.split()] == list(range(2000))


def test_no_frame_is_drawn_for_a_terminal_that_stands_still() -> None:
    master, slave = pty.openpty()
    with open(slave, "w") as stream:
        sink = Sink(stream)
        reporter = LiveReporter(sink, width=80)
        reporter.plan(read_plan())
        events = read_events("succeeded")[:9]
        for event in events:
            reporter.event(event)
        for number in range(2000):
            reporter.tick(events[-1].at + number)
        assert sink.behind
        assert not sink.full
        told = b""
        while sink.behind:
            told += os.read(master, 1 << 16)
            sink.flush()
        assert b"guard armed" in told + drain(master)
    os.close(master)


def test_a_file_gets_everything_at_once(tmp_path: Path) -> None:
    with (tmp_path / "told").open("w") as stream:
        sink = Sink(stream)
        sink.write("x" * (2 * BACKLOG_BYTES))
        sink.flush()
        assert not sink.behind
    assert (tmp_path / "told").stat().st_size == 2 * BACKLOG_BYTES


def test_a_reader_that_is_gone_is_noticed_and_nothing_piles_up() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        sink = Sink(stream)
        sink.write("first\n")
        sink.flush()
        assert sink.gone
        sink.write("second\n")
        assert not sink.behind
        sink.close()


def test_what_is_left_is_written_at_the_end_when_the_reader_comes_back() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        time.sleep(0.3)
        size = 0
        while data := os.read(reader, 1 << 16):
            size += len(data)
        os._exit(0 if size == 300_000 else 1)
    os.close(reader)
    with open(writer, "w") as stream:
        sink = Sink(stream)
        sink.write("x" * 300_000)
        sink.close()
        assert not sink.behind
    assert os.waitpid(child, 0)[1] == 0


def test_a_question_has_the_terminal_for_itself() -> None:
    master, slave = pty.openpty()
    with open(slave, "w") as stream:
        reporter = LiveReporter(Sink(stream), width=80)
        reporter.plan(read_plan())
        events = read_events("succeeded")[:9]
        for event in events:
            reporter.event(event)
        drain(master)
        with reporter.suspended():
            drain(master)
            reporter.tick(events[-1].at + 5)
            assert drain(master) == b""
        reporter.tick(events[-1].at + 10)
        assert b"detach" in drain(master)
    os.close(master)
