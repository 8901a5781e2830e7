"""The stack that is hurt, and the table of what was measured while it was. FAULTS=full hurts it more often."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.faults.stack import Stack, running_stack

FULL = os.environ.get("FAULTS") == "full"

# Time-outs of a busy day, not of a patient one, so that a worker that hangs is found out within seconds. Where the
# machine is shared, a worker that is well may be as slow.
SETTINGS = (
    f"WORKER_FIRST_TOKEN_SECONDS={4 if FULL else 20}",
    f"WORKER_IDLE_SECONDS={4 if FULL else 20}",
    f"WORKER_TOTAL_SECONDS={12 if FULL else 30}",
    "BATTLES_PER_ADDRESS=1000000",
    "BATTLES_PER_VISITOR=1000000",
)


def often(few: int, many: int) -> int:
    """How often a fault happens: few times in CI, many times by `make faults`."""
    return many if FULL else few


@dataclass
class Figure:
    """A row of the table: what was done, how often, what was measured, and what was wanted."""

    fault: str
    goal: str
    times: int = 0
    measured: str = ""
    verdict: str = "not kept"
    late: bool = False

    def within(self, seconds: float, most: float) -> None:
        """Held to by `make faults`; a suite that shares its machine only says in the table that it took longer."""
        self.late = seconds > most
        assert not (FULL and self.late), f"{seconds:.1f} s of {most} s"


FIGURES = pytest.StashKey[list[Figure]]()


class Figures:
    def __init__(self, rows: list[Figure]) -> None:
        self.rows = rows

    @contextmanager
    def row(self, fault: str, *, goal: str) -> Iterator[Figure]:
        """A row that a test fills in; it says "not kept" if the test fails."""
        self.rows.append(figure := Figure(fault, goal))
        yield figure
        figure.verdict = "late, on a shared machine" if figure.late else "kept"


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    return Figures(pytestconfig.stash.setdefault(FIGURES, []))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One site for all the faults that it must survive, one after another."""
    with running_stack(*SETTINGS) as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(FIGURES, [])
    if not rows:
        return
    terminalreporter.section("bad days")
    cells = [("fault", "times", "measured", "goal", "verdict")]
    cells += [(row.fault, str(row.times), row.measured, row.goal, row.verdict) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        terminalreporter.write_line(
            " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
