"""The course of a round, day by day in Seoul: how many voted, and who stood where on the official lists."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from django.utils import timezone

from leaderboard.editions import served, shown
from leaderboard.keys import rounds_by
from leaderboard.models import Board, OfficialList, Round, Standing


def days(key: str) -> dict[str, Any] | None:
    """The votes of each day up to the edition that is served; None if there is no such round, or no board.

    They are what the counts of one midnight have more than those of the midnight before. While the public board
    stands still, its last day is the last told; what came after it is told when the board moves on.
    """
    contest, edition = _edition(key)
    if contest is None or edition is None:
        return None
    opened = timezone.localdate(shown(contest.series).earliest("number").created_at)
    today = timezone.localdate(edition.created_at)
    lists = OfficialList.objects.filter(series=contest.series, date__lte=today)
    midnights = lists.values_list("date", "votes", "position")
    marks = [(opened, 0, 0), *midnights, (today, edition.votes, edition.position)]
    return _about(contest, edition) | {"days": [_day(before, after) for before, after in pairwise(marks)]}


def _day(before: tuple[date, int, int], after: tuple[date, int, int]) -> dict[str, Any]:
    (day, votes, position), (_, later_votes, later_position) = before, after
    counted = later_votes - votes
    return {
        "date": day.isoformat(),
        "votes": counted,
        "set_aside": later_position - position - counted,
    }


def ranks(key: str) -> dict[str, Any] | None:
    """Each entry's ranks, with those that were open, on the official lists and on the edition that is served."""
    contest, edition = _edition(key)
    if contest is None or edition is None:
        return None
    fields = ("slug", "rank", "rank_low", "rank_high", "rating")
    listed = Standing.objects.filter(board__lists__series=contest.series).order_by("board__lists__date")
    points: dict[str, list[dict[str, Any]]] = {}
    for day, slug, *told in listed.values_list("board__lists__date", *fields):
        points.setdefault(slug, []).append(_point(day, told))
    standings = list(edition.standings.all())
    for standing in standings:
        told = [standing.rank, standing.rank_low, standing.rank_high, standing.rating]
        points.setdefault(standing.slug, []).append(_point(None, told))
    return _about(contest, edition) | {
        "at": edition.created_at.isoformat(),
        "entries": [
            {"slug": standing.slug, "name": standing.name, "points": points[standing.slug]} for standing in standings
        ],
    }


def _point(day: date | None, told: Sequence[Any]) -> dict[str, Any]:
    rank, low, high, rating = told
    named = {"rank": rank, "rank_low": low, "rank_high": high, "rating": rating}
    return {"date": day.isoformat() if day else None} | named


def _edition(key: str) -> tuple[Round | None, Board | None]:
    contest = rounds_by(key).select_related("series").first()
    return contest, served(contest.series) if contest else None


def _about(contest: Round, edition: Board) -> dict[str, Any]:
    return {
        "round": contest.number,
        "key": contest.key,
        "series": contest.series.slug,
        "title": contest.series.title,
        "title_ko": contest.series.title_ko,
        "number": edition.number,
    }
