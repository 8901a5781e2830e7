"""Votes as others may see them: the only way in which the leaderboard reads votes."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from django.db.models import QuerySet

from arena.models import Gate, Vote

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
