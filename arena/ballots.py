"""Votes as others may see them: the only way in which the leaderboard reads votes, and counts battles."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from django.db.models import Count, F, Q, QuerySet, Sum

from arena.models import Battle, BattleState, Gate, Vote

VOTERS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Ballot:
    """One positioned vote. `voter` is a pseudonym of this round; `hour` is UTC; weight 0 means kept, not counted."""

    position: int
    battle: str
    a: str
    b: str
    winner: str
    voter: str
    weight: int
    hour: str


def ballots(gate: Gate, *, after: int = 0) -> Iterator[Ballot]:
    """The ballots past a position, in order. Votes that have no position yet come with a later call."""
    yield from _ballots(gate, Vote.objects.filter(gate=gate, position__gt=after))


def earlier_ballots(gate: Gate, *, after: int) -> Iterator[Ballot]:
    """The counted ballots up to a position of all voters who have one past it."""
    news = Vote.objects.filter(gate=gate, position__gt=after, counted_as__isnull=False)
    voters = list(news.values_list("voter_id", flat=True).distinct())
    for start in range(0, len(voters), VOTERS_AT_ONCE):
        # Named one by one, so that the database goes by its index of voters and never through all votes.
        some = voters[start : start + VOTERS_AT_ONCE]
        yield from _ballots(
            gate, Vote.objects.filter(gate=gate, position__lte=after, counted_as__isnull=False, voter_id__in=some)
        )


def _ballots(gate: Gate, votes: QuerySet[Vote]) -> Iterator[Ballot]:
    columns = (
        "position",
        "battle_id",
        "battle__entry_a__slug",
        "battle__entry_b__slug",
        "winner",
        "voter_id",
        "counted_as",
        "cast_at",
    )
    found = votes.order_by("position").values_list(*columns)
    key = bytes(gate.pseudonym_key)
    for position, battle, a, b, winner, voter, counted_as, cast_at in found.iterator(chunk_size=2000):
        pseudonym = hmac.new(key, voter.bytes, hashlib.sha256).hexdigest()[:16]
        hour = cast_at.astimezone(UTC).strftime("%Y-%m-%dT%HZ")
        assert position is not None  # the filter says so
        yield Ballot(position, str(battle), a, b, winner, pseudonym, int(counted_as is not None), hour)


@dataclass(frozen=True, slots=True)
class Meetings:
    """How often two entries met on just these sides: battles that have ended, of them void ones, and counted votes.

    `inverse` is the sum of 1/propensity of the battles. By it, battles / inverse estimates how likely the ordered
    pair was where it could be drawn: a plain mean would be too high, for a pair is mostly drawn where it is likely.
    """

    a: int
    b: int
    battles: int
    void: int
    votes: int
    inverse: float


def meetings(gate: Gate) -> tuple[list[Meetings], int]:
    """The round's battles by entry and side, and how many more have not ended. One query, whatever their number.

    While votes come in, battles that wait for theirs are told as a number alone: who started one could otherwise
    see, before voting, which pair has just met once more.
    """
    ended = Q() if not gate.is_open else ~Q(state=BattleState.OPEN)
    counts = (
        Battle.objects.filter(terms__gate=gate)
        .values_list("entry_a_id", "entry_b_id")
        .annotate(
            all=Count("id"),
            battles=Count("id", filter=ended),
            void=Count("id", filter=Q(state=BattleState.VOID)),
            votes=Count("vote__counted_as"),
            inverse=Sum(1.0 / F("propensity"), filter=ended),
        )
        .order_by("entry_a_id", "entry_b_id")
    )
    found, waiting = [], 0
    for a, b, every, battles, void, votes, inverse in counts:
        waiting += every - battles
        if battles:
            found.append(Meetings(a, b, battles, void, votes, inverse))
    return found, waiting
