"""The exposure audit: how often each pair has met, on which sides, and how often it should have."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from django.core.cache import cache

from arena.ballots import Meetings, meetings
from arena.models import Pairing, Terms
from inference.models import Entry
from leaderboard.keys import rounds_by
from leaderboard.models import UNOPENED, Round
from leaderboard.pairing import design_of
from leaderboard.voids import failed, rate

KEPT_SECONDS = 30  # it reads every battle of the round, and everybody may ask

Sides = Mapping[tuple[int, int], Meetings]


def exposure(key: str) -> dict[str, Any] | None:
    """A round's exposure by pair and by entry, as the API and the page show it; None if there is no such round.

    While the board is frozen, it is what it was then.
    """
    opened = rounds_by(key).exclude(state__in=UNOPENED)
    contest = opened.select_related("series", "gate", "freeze").first()
    if contest is None:
        return None
    if hasattr(contest, "freeze"):
        return {**contest.freeze.exposure, "key": contest.key, "state": contest.state}
    return exposure_by(contest, *_counted(contest))


def exposure_by(contest: Round, told: Sequence[Meetings], waiting: int) -> dict[str, Any]:
    """A round's exposure by these counts of its battles.

    While votes come in, only battles that have ended are told apart; see `arena.ballots.meetings`.
    """
    design = design_of(contest)
    sides = {(both.a, both.b): both for both in told}
    entries = list(Entry.objects.filter(drawables__terms__gate=contest.gate_id).distinct().order_by("slug"))
    latest = Terms.objects.filter(gate=contest.gate_id).order_by("-version").values("pk")[:1]
    pairing = Pairing.objects.filter(terms__in=latest).first()
    chances = {frozenset((one, other)): chance for one, other, chance in (pairing.chances if pairing else ())}
    return {
        "round": contest.number,
        "key": contest.key,
        "series": contest.series.slug,
        "title": contest.series.title,
        "title_ko": contest.series.title_ko,
        "state": contest.state,
        "battles": (every := sum(both.battles for both in told)),
        "waiting": waiting,
        "void": sum(both.void for both in told),
        "votes": sum(both.votes for both in told),
        "design": design and {"floor": design.floor, "explore": design.explore, "cap": design.cap},
        "entries": _by_entry(entries, told, failed(contest)),
        "pairs": [
            _pair(one, other, sides, every) | {"chance": chances.get(frozenset((one.pk, other.pk)))}
            for one, other in combinations(entries, 2)
        ],
    }


def _counted(contest: Round) -> tuple[Sequence[Meetings], int]:
    """The counts, at most `KEPT_SECONDS` old. What may be told changes with the gate, so it is part of the key."""
    key = f"exposure:{contest.pk}:{contest.opens_at.timestamp()}:{contest.state}:{contest.gate.is_open}"
    told: tuple[Sequence[Meetings], int] | None = cache.get(key)
    if told is None:
        told = meetings(contest.gate)
        cache.set(key, told, KEPT_SECONDS)
    return told


def _pair(one: Entry, other: Entry, sides: Sides, every: int) -> dict[str, Any]:
    """An unordered pair: its battles, those with the first named as A, the share drawn and the share expected."""
    both_ways = [sides[way] for way in ((one.pk, other.pk), (other.pk, one.pk)) if way in sides]
    battles = sum(both.battles for both in both_ways)
    inverse = sum(both.inverse for both in both_ways)
    as_a = sides.get((one.pk, other.pk))
    return {
        "first": one.slug,
        "second": other.slug,
        "battles": battles,
        "void": sum(both.void for both in both_ways),
        "votes": sum(both.votes for both in both_ways),
        "first_as_a": as_a.battles if as_a else 0,
        "share": battles / every if every else 0.0,
        # Twice: the propensity is that of the pair on just these sides.
        "expected": 2 * battles / inverse if inverse else None,
    }


def _by_entry(
    entries: Sequence[Entry], told: Sequence[Meetings], fails: Mapping[tuple[int, int], int]
) -> list[dict[str, Any]]:
    """Each entry's battles, as A and in all, and how many times those of the least exposed they are."""
    own = {entry.pk: sum(number for (who, _), number in fails.items() if who == entry.pk) for entry in entries}
    rows = [row | rate(own[entry.pk], row["battles"]) for entry in entries for row in [_entry(entry, told)]]
    least = min((row["battles"] for row in rows), default=0)
    return [row | {"relative": row["battles"] / least if least else None} for row in rows]


def _entry(entry: Entry, told: Sequence[Meetings]) -> dict[str, Any]:
    its = [both for both in told if entry.pk in (both.a, both.b)]
    return {
        "slug": entry.slug,
        "name": entry.name,
        "battles": sum(both.battles for both in its),
        "as_a": sum(both.battles for both in its if both.a == entry.pk),
        "void": sum(both.void for both in its),
        "votes": sum(both.votes for both in its),
    }
