"""The clocks of two processes jump, and those of the others do not: nobody is judged by what a clock on a wall says."""

import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from django.utils import timezone

from tests.conftest import ROOT, skip_or_fail
from tests.faults.conftest import SETTINGS, often
from tests.faults.guests import Notes, await_more, crowd
from tests.faults.soundness import assert_sound, await_boards
from tests.faults.stack import Stack, running_stack
from tests.faults.test_killed_web_processes import STREAM, await_streams
from tests.servers import PATIENCE, wait_until

# Not beat: under libfaketime 0.9.10, Python's sleep sleeps for as long as the clock has jumped.
JUMPING = ("web1", "worker")
HOUR = 3600


class Clock:
    """The wall clock of those processes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.jump(0)

    def jump(self, seconds: int) -> None:
        self.file.write_text(f"{seconds:+d}\n")


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock") / "offset")


@pytest.fixture(scope="module")
def faked(clock: Clock) -> dict[str, str]:
    """The environment of a process that goes by that clock."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        skip_or_fail("libfaketime is not installed (on Debian: faketime)")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock.file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


@pytest.fixture(scope="module")
def skewed(faked: dict[str, str]) -> Iterator[Stack]:
    settings = [f"{name}:{key}={value}" for name in JUMPING for key, value in faked.items()]
    with running_stack(*SETTINGS, *settings) as running:
        yield running


def test_a_clock_that_jumps_an_hour_voids_nothing_and_stops_nothing(skewed, clock, figures):
    with figures.row("clock of web1 and the worker jumps ± 1 h", goal="0 lost, 0 void; boards catch up") as row:
        notes = Notes()
        for seconds in [HOUR, -HOUR, 0] * often(1, 2):
            with crowd(skewed.url, 4, STREAM, notes):
                await_streams(skewed, 3)
                clock.jump(seconds)
                await_offset(skewed, seconds)
                await_more(notes.ended, 8)
            # A worker that is ahead of beat finds every task expired: they must share a clock, or wait until they do.
            if seconds <= 0:
                await_boards(skewed)
            row.times += 1
        row.measured = f"{len(notes.acknowledged)} votes acknowledged, 0 lost; {len(notes.void)} turns void"
        assert_sound(skewed, notes.acknowledged)
        assert notes.void == []


def test_beat_is_not_held_up_by_a_clock_that_is_set_back(clock, faked):
    clock.jump(0)
    program = """
import pathlib, sys, time
from config.schedules import every
task = every(3)
last, began = task.now(), time.time()
pathlib.Path(sys.argv[1]).write_text("-3600")
assert time.time() < began - 3000
assert task.is_due(last).next <= 3
"""
    command = [sys.executable, "-c", program, str(clock.file)]
    subprocess.run(command, cwd=ROOT, env=faked | {"FAKETIME_NO_CACHE": "1"}, check=True)


def await_offset(stack: Stack, seconds: float) -> None:
    """Wait until the clock of web1 is so far ahead of ours."""

    def offset() -> float:
        date = httpx.get(f"{stack.base('web1')}/healthz", trust_env=False, timeout=PATIENCE).headers["date"]
        return (parsedate_to_datetime(date) - timezone.now()).total_seconds()

    wait_until(lambda: abs(offset() - seconds) < 60)
