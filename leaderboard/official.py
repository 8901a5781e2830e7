"""Official lists: of each day one board, the one that stood when the day began in Seoul. They stay as they are."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from leaderboard.boards import as_told, find_series
from leaderboard.editions import served, shown
from leaderboard.models import Board, Folded, OfficialList, Round, Series

A_DAY = timedelta(days=1)


def pin_due_lists(now: datetime) -> None:
    """Pin the official lists of all midnights that have passed, also of those at which nobody was there to do it."""
    today = timezone.localdate(now)
    for contest in Round.objects.select_related("series", "gate"):
        if _is_due(contest, today):
            _pin(contest, today)


def _is_due(contest: Round, today: date) -> bool:
    """Whether a list is missing. A round that takes no more votes gets one more with its last board, then no others."""
    last = newest_list(contest.series)
    if last is None or last.date < today:
        board = served(contest.series)
        return board is not None and (contest.gate.is_open or last is None or last.board_id != board.pk)
    return False


@transaction.atomic
def _pin(contest: Round, today: date) -> None:
    # No fold is under way while this is held, and who pins at the same time comes after and finds it done.
    Folded.objects.select_for_update().get(series=contest.series)
    if not _is_due(contest, today):
        return
    # While the public board stands still, so do the lists: nothing newer than what is shown.
    boards = shown(contest.series)
    last = newest_list(contest.series)
    begun = last.date if last else timezone.localdate(boards.earliest("number").created_at)
    before = last and last.board_id
    for day in days(begun + A_DAY, today):
        board = boards.filter(created_at__lt=midnight(day)).first()
        if board and (contest.gate.is_open or board.pk != before):
            newest = Board.objects.filter(series=contest.series, created_at__lt=midnight(day)).latest("number")
            told = {"board": board, "votes": newest.votes, "position": newest.position}
            OfficialList.objects.create(series=contest.series, date=day, **told)
            before = board.pk


def newest_list(series: Series) -> OfficialList | None:
    return OfficialList.objects.filter(series=series).last()


def days(first: date, last: date) -> Iterator[date]:
    """Every day from one to another, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def midnight(day: date) -> datetime:
    """The moment at which a day begins in Seoul."""
    return timezone.make_aware(datetime.combine(day, time.min))


def official(slug: str | None, day: date) -> dict[str, Any] | None:
    """The official list of a day, as the API and the page show it; None where there is none."""
    series = find_series(slug)
    found = OfficialList.objects.filter(series=series, date=day).select_related("board").first() if series else None
    return as_told(series, found.board) if series and found else None


def official_lists(slug: str | None) -> dict[str, Any] | None:
    """Which days have an official list, and of which board; None if there is no such series."""
    series = find_series(slug)
    if series is None:
        return None
    found = OfficialList.objects.filter(series=series).order_by("-date")
    told = found.values_list("date", "board__number", "board__votes")
    return {
        "series": series.slug,
        "lists": [{"date": day.isoformat(), "board": number, "votes": votes} for day, number, votes in told],
    }
