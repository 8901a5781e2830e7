"""Charts of a round: bars of votes a day, and a small picture of each entry's ranks. Boxes of 100 by 100, as in SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

BAR = 0.8  # of the room that each bar has
SHADES = 10


@dataclass(frozen=True, slots=True)
class Bars:
    """Votes a day: each bar is [left, top, width, height]."""

    bars: list[list[float]]
    most: int


def bars(counts: Sequence[int]) -> Bars | None:
    """Bars from the ground up, the highest as high as the box; None where there is nothing to see."""
    most = max(counts, default=0)
    if most == 0:
        return None
    room = 100 / len(counts)
    width = round(room * BAR, 3)
    return Bars(
        [
            [round(room * (index + (1 - BAR) / 2), 3), round(100 - 100 * n / most, 2), width, round(100 * n / most, 2)]
            for index, n in enumerate(counts)
        ],
        most,
    )


@dataclass(frozen=True, slots=True)
class Ranks:
    """An entry's ranks through time, rank 1 on top: its line, and the band of those that were open."""

    line: str  # paths
    band: str


def ranks(points: Sequence[Mapping[str, Any]], places: int) -> Ranks | None:
    """Steps, because a list holds until the next; gaps where there was no rank. None with fewer than two points."""
    if len(points) < 2:
        return None
    lines, bands = [], []
    for run in runs(points):
        xs = [round(index / len(points) * 100, 2) for index in [*run, run[-1] + 1]]
        lines.append("M" + "L".join(steps(xs, [height(points[i]["rank"], places) for i in run])))
        best = steps(xs, [height(points[i]["rank_low"] or points[i]["rank"], places, -0.4) for i in run])
        worst = steps(xs, [height(points[i]["rank_high"] or points[i]["rank"], places, 0.4) for i in run])
        bands.append("M" + "L".join(best + worst[::-1]) + "Z")
    return Ranks("".join(lines), "".join(bands))


def runs(points: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """The stretches of points that have a rank, by their indices."""
    found: list[list[int]] = []
    for index, point in enumerate(points):
        if point["rank"] is None:
            continue
        if found and found[-1][-1] == index - 1:
            found[-1].append(index)
        else:
            found.append([index])
    return found


def height(rank: int, places: int, off: float = 0.0) -> float:
    """Where a rank stands, each in the middle of a strip of its own."""
    return round((rank - 0.5 + off) / places * 100, 2)


def steps(xs: Sequence[float], heights: Sequence[float]) -> list[str]:
    """Corners of a line that keeps each height until the next; there is one x more than heights."""
    corners = []
    for (start, end), y in zip(pairwise(xs), heights, strict=True):
        corners += [f"{start} {y}", f"{end} {y}"]
    return corners


def shade(rate: float | None) -> int | None:
    """How dark a cell of the matrix is: 0 to 10, 5 for equals."""
    return None if rate is None else math.floor(rate * SHADES + 0.5)
