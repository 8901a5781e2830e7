"""The rating of a team's model through a round, with what happened meanwhile."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from frontend import plots
from frontend.log import as_drawn
from inference.models import Entry
from leaderboard.boards import history
from leaderboard.models import Round
from leaderboard.public_log import page

APART = 3.0  # percent of the width: numbers closer than this would lie on each other
KINDS = ("transition", "amendment", "incident", "ruling")
EVENTS = 12  # of a kind; more lines would hide the rating


def course(contest: Round, entry: Entry, line: float | None) -> dict[str, Any] | None:
    """The chart and its table, and each event with its number and its place; None with fewer than two boards."""
    past = history(entry.slug, contest.series.slug)
    points = [{**point, "at": datetime.fromisoformat(point["at"])} for point in (past["points"] if past else [])]
    drawing = plots.chart(points, line)
    if drawing is None:
        return None
    happened = numbered(events(contest), drawing.points)
    return {
        "chart": drawing,
        "events": happened,
        "marks": marks(happened),
        "history": plots.thinned(points, plots.TABLE_ROWS)[::-1],
    }


def events(contest: Round) -> list[dict[str, Any]]:
    """What the public log tells of the round, the oldest first."""
    lines = [line for kind in KINDS for line in page(kind=kind, contest=contest, most=EVENTS)[0]]
    return [as_drawn(line) for line in sorted(lines, key=lambda line: line.mark)]


def numbered(events: list[dict[str, Any]], points: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    return [{**event, "number": n, "x": plots.place(points, event["at"])} for n, event in enumerate(events, 1)]


def marks(happened: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is written under the chart: the number of each event, "1–3" where several lie at one place."""
    found: list[dict[str, Any]] = []
    for event in happened:
        if found and event["x"] - found[-1]["x"] < APART:
            found[-1]["last"] = event["number"]
        else:
            found.append({"x": event["x"], "first": event["number"], "last": event["number"]})
    return found
