"""How a simulation is cut into rows, which processes compute side by side, and shown as a table."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Work = Callable[[np.random.Generator], "Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what was simulated, its figures, and which of these miss their goal."""

    name: str
    cells: tuple[str, ...]
    missed: tuple[str, ...] = ()
    """A sentence for each goal that is missed."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a simulation shows, and the work that each row takes, given a generator of its own."""

    title: str
    goal: str
    columns: tuple[str, ...]
    rows: tuple[Work, ...]


def shown(table: Table, rows: Sequence[Row]) -> str:
    """The table in Markdown, under its title."""
    lines = [f"## {table.title}", "", table.goal, "", "| | " + " | ".join(table.columns) + " |"]
    lines.append("| --- |" + " ---: |" * len(table.columns))
    lines += [f"| {row.name} | " + " | ".join(row.cells) + " |" for row in rows]
    missed = [f"MISSED: {row.name}: {why}" for row in rows for why in row.missed]
    return "\n".join(lines + ([""] if missed else []) + missed)


def share(value: float) -> str:
    """A share as the tables print it: .953."""
    return f"{value:.3f}".removeprefix("0")


def scaled(number: int, scale: float) -> int:
    """So many boards or runs for the whole, and a share of them for a quick look; 1 at least."""
    return max(1, round(number * scale))


def beyond(found: float, most: float, number: int) -> bool:
    """Whether a share of so many boards is above the most by more than two standard errors of the simulation."""
    return found > most + 2 * math.sqrt(most * (1 - most) / number)
