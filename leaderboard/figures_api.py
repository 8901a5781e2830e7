"""The figures of a round in the public API: win rates, votes a day, ranks over time."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.views.decorators.http import conditional_page
from ninja import Router, Schema
from ninja.decorators import decorate_view

from arena.refusals import NoSuchRound
from leaderboard.answers import RefusalOut, shared_for_a_second
from leaderboard.course import days, ranks
from leaderboard.winrates import win_rates

router = Router()


class NamedOut(Schema):
    slug: str
    name: str


class FiguresOut(Schema):
    round: int  # the number; a run-off has that of the round whose tie it breaks
    key: str
    series: str
    title: str
    title_ko: str
    number: int  # of the edition up to which this tells


class MetPairOut(Schema):
    first: str
    second: str
    votes: int
    wins: int  # of the first
    losses: int
    ties: int
    both_bad: int
    rate: float | None  # what the first took of the votes, ties and "both are bad" by half; null without votes
    low: float  # its 95 % interval
    high: float


class WinRatesOut(FiguresOut):
    votes: int
    entries: list[NamedOut]  # in the order of the board
    pairs: list[MetPairOut]


class DayOut(Schema):
    date: str  # the day in Seoul
    votes: int
    set_aside: int  # kept and not counted


class DaysOut(FiguresOut):
    days: list[DayOut]  # the last one is not over yet, unless the round is


class RankPointOut(Schema):
    date: str | None  # of the official list; null: the edition that is served
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    rating: float


class RankedOut(NamedOut):
    points: list[RankPointOut]  # the oldest first


class RanksOut(FiguresOut):
    at: str  # ISO 8601, when the edition was made
    entries: list[RankedOut]


def told_of(figures: Callable[[str], dict[str, Any] | None], key: str) -> dict[str, Any]:
    found = figures(key)
    if found is None:
        raise NoSuchRound
    return found


@router.get("/rounds/{key}/win-rates", response={200: WinRatesOut, 404: RefusalOut}, summary="Who beat whom")
@decorate_view(shared_for_a_second, conditional_page)
def round_win_rates(request: HttpRequest, key: str) -> dict[str, Any]:
    """How the counted votes between each two entries went, whichever side they were on."""
    return told_of(win_rates, key)


@router.get("/rounds/{key}/days", response={200: DaysOut, 404: RefusalOut}, summary="Votes a day")
@decorate_view(shared_for_a_second, conditional_page)
def round_days(request: HttpRequest, key: str) -> dict[str, Any]:
    """The votes of each day in Seoul, as far as the public board has come."""
    return told_of(days, key)


@router.get("/rounds/{key}/ranks", response={200: RanksOut, 404: RefusalOut}, summary="Ranks over time")
@decorate_view(shared_for_a_second, conditional_page)
def round_ranks(request: HttpRequest, key: str) -> dict[str, Any]:
    """Everybody's rank and the ranks that were open, on each official list and on the board of now."""
    return told_of(ranks, key)
