"""Where things stand in a picture: pure arithmetic from ratings to percentages of its width and height.

`src/boardstate.ts` draws a board's next edition on the page with the same arithmetic; tests/frontend/plots.json
holds both to the same examples.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

PADDING = 0.04  # of the width, so that the outermost ends are seen to end
BESIDE = {"reference", "withdrawn", "disqualified", "suspended"}
CHART_POINTS = 240  # more could not be told apart
TABLE_ROWS = 30  # of the table beside a chart


@dataclass(frozen=True, slots=True)
class Scale:
    """The ratings between which a board is drawn, in Elo points."""

    low: float
    high: float

    def at(self, rating: float) -> float:
        """Percent of the width, to two places; what lies outside is drawn at the edge."""
        share = (rating - self.low) / (self.high - self.low)
        return math.floor(min(1.0, max(0.0, share)) * 10_000 + 0.5) / 100


def scale(board: Mapping[str, Any]) -> Scale | None:
    """What fits all who have a place, and the line. None if nobody has: there is nothing to compare."""
    placed = [standing for standing in board["standings"] if standing["joined"]]
    # A provisional interval can be a thousand points wide and would squeeze all the others.
    firm = [standing for standing in placed if standing["status"] != "provisional"] or placed
    if not firm:
        return None
    line = board["round"]["line"] if board["round"] else None
    marks = [standing["low"] for standing in firm] + [standing["high"] for standing in firm]
    marks += [] if line is None else [line]
    padding = max((max(marks) - min(marks)) * PADDING, 1.0)
    return Scale(min(marks) - padding, max(marks) + padding)


def beside(standing: Mapping[str, Any]) -> bool:
    """Whether the cut is not about it: a reference, or somebody who has left."""
    return standing["status"] in BESIDE


def below(board: Mapping[str, Any]) -> frozenset[str]:
    """The slugs of those below the line: who is out, or would be if the round ended now."""
    standings = [standing for standing in board["standings"] if not beside(standing)]
    out = [standing["slug"] for standing in standings if standing["status"] == "eliminated"]
    contest = board["round"]
    if not out and contest and contest["line"] is not None:
        out = [standing["slug"] for standing in standings[len(standings) - contest["cut_size"] :]]
    return frozenset(out)


def tied(board: Mapping[str, Any]) -> list[str]:
    """The slugs of those whom the votes place on neither side of the line yet, best first."""
    return [standing["slug"] for standing in board["standings"] if standing["status"] == "at_risk"]


def interval(standing: Mapping[str, Any], on: Scale | None) -> dict[str, str] | None:
    """The ends and the middle of an interval plot; None where there is no place to draw it at."""
    if on is None or not standing["joined"]:
        return None
    return {key: f"{on.at(standing[field])}%" for key, field in (("low", "low"), ("mid", "rating"), ("high", "high"))}


def ranks(standing: Mapping[str, Any]) -> str:
    """The ranks that the votes leave open; empty where there is but one, or none."""
    low, high = standing["rank_low"], standing["rank_high"]
    return "" if low == high else f"{low}–{high}"


def percent(chance: float) -> str:
    """A probability in whole percent. None of votes is certain, so nothing is 0 or 100."""
    whole = math.floor(chance * 100 + 0.5)
    return "< 1" if whole < 1 else "> 99" if whole > 99 else str(whole)


def odds(chance: float) -> tuple[str, int, int]:
    """Which words say a probability as so many in so many, and the two numbers: "about 1 in 3"."""
    if chance < 0.01 or chance > 0.99:
        return ("odds_few" if chance < 0.5 else "odds_most"), 1, 100
    if chance < 0.3 or chance > 0.7:
        rare = min(chance, 1 - chance)
        among = math.floor(1 / rare + 0.5)
        return "odds", 1 if rare == chance else among - 1, among
    few, many = min(((1, 3), (2, 5), (1, 2), (3, 5), (2, 3)), key=lambda one: abs(one[0] / one[1] - chance))
    return "odds", few, many


def moved(standing: Mapping[str, Any], since: str | None) -> tuple[str, int]:
    """Which words say how the rank has changed since an official list, and by how many places; none without both."""
    now, before = standing["rank"], standing["rank_before"]
    if since is None or now is None:
        return "", 0
    if before is None:
        return "new", 0
    return ("same" if now == before else "up" if now < before else "down"), abs(now - before)


def gained(standing: Mapping[str, Any]) -> str:
    """How the rating has changed since then: the difference of the whole numbers that are shown."""
    if standing["rank"] is None or standing["rating_before"] is None:
        return ""
    return signed(math.floor(standing["rating"] + 0.5) - math.floor(standing["rating_before"] + 0.5))


def signed(points: float) -> str:
    """A difference in whole numbers, with its sign."""
    whole = math.floor(points + 0.5)
    return f"+{whole}" if whole > 0 else f"−{-whole}" if whole < 0 else "±0"


def of_reference(standing: Mapping[str, Any]) -> dict[str, int] | None:
    """The figures of its percent of the reference; None for one that has none, and for references and their like."""
    if standing["percent"] is None or standing["status"] == "reference":
        return None
    fields = (("percent", "percent"), ("low", "percent_low"), ("high", "percent_high"))
    return {key: math.floor(standing[field] + 0.5) for key, field in fields}


def about(votes: int) -> int:
    """A forecast in two digits; it knows no more."""
    step: int = 10 ** max(0, len(str(votes)) - 2)
    return (votes + step // 2) // step * step


def needed(outlook: Mapping[str, Any]) -> tuple[str, int | None, int | None]:
    """Which words say how many votes the line still needs, and their figures."""
    if outlook["sure"]:
        return "line_sure", None, None
    low, high = outlook["votes_needed"]["low"], outlook["votes_needed"]["high"]
    if low is None:
        return "line_unsaid", None, None
    if high is None:
        return "line_least", about(low), None
    return "line_between", about(low), about(high)


@dataclass(frozen=True, slots=True)
class Chart:
    """A rating through time, in a box of 100 by 100: y grows downward, as in SVG."""

    rating: str  # a path
    band: str  # a path around the interval
    top: int
    bottom: int
    line: float | None
    points: list[dict[str, Any]]


def chart(points: Sequence[Mapping[str, Any]], line: float | None) -> Chart | None:
    """A chart of an entry's history; None with fewer than two points. Steps, because a board holds until the next."""
    if len(points) < 2:
        return None
    kept = thinned(points, CHART_POINTS)
    bottom, top = bounds([point["low"] for point in kept] + [point["high"] for point in kept], line)
    width = len(kept) - 1

    def x(index: int) -> float:
        return round(index / width * 100, 2)

    def y(rating: float) -> float:
        return round((top - min(max(rating, bottom), top)) / (top - bottom) * 100, 2)

    def steps(field: str) -> list[str]:
        heights = [y(point[field]) for point in kept]
        corners = [f"{x(0)} {heights[0]}"]
        for index, (before, after) in enumerate(pairwise(heights), 1):
            corners += [f"{x(index)} {before}", f"{x(index)} {after}"]
        return corners

    return Chart(
        rating="M" + "L".join(steps("rating")),
        band="M" + "L".join(steps("high") + steps("low")[::-1]) + "Z",
        top=top,
        bottom=bottom,
        line=y(line) if line is not None and bottom <= line <= top else None,
        points=[{**point, "x": x(index), "y": y(point["rating"])} for index, point in enumerate(kept)],
    )


def place(points: Sequence[Mapping[str, Any]], moment: datetime) -> float:
    """Where a moment lies on a chart of these points, which stand as far apart as boards, not as hours."""
    after = bisect_right(points, moment, key=lambda point: point["at"])
    if after in (0, len(points)):
        return float(points[min(after, len(points) - 1)]["x"])
    left, right = points[after - 1], points[after]
    share = (moment - left["at"]) / (right["at"] - left["at"])
    return round(float(left["x"] + share * (right["x"] - left["x"])), 2)


def bounds(ratings: Sequence[float], line: float | None) -> tuple[int, int]:
    """Round numbers of Elo points around most of the ratings: early intervals may be wider than any paper."""
    ordered = sorted(ratings)
    edge = len(ordered) // 20
    inner = [*ordered[edge : len(ordered) - edge], *([] if line is None else [line])]
    return math.floor(min(inner) / 50) * 50, math.ceil((max(inner) + 1) / 50) * 50


def thinned(points: Sequence[Mapping[str, Any]], most: int) -> list[Mapping[str, Any]]:
    """At most so many, evenly, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    last = len(points) - 1
    return [points[round(index * last / (most - 1))] for index in range(most)]
