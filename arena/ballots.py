"""Votes as others may see them: the only way in which the leaderboard reads votes."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from arena.models import Gate, Vote


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
    votes = (
        Vote.objects.filter(gate=gate, position__gt=after)
        .order_by("position")
        .values_list(
            "position",
            "battle_id",
            "battle__entry_a__slug",
            "battle__entry_b__slug",
            "winner",
            "voter_id",
            "counted_as",
            "cast_at",
        )
    )
    key = bytes(gate.pseudonym_key)
    for position, battle, a, b, winner, voter, counted_as, cast_at in votes.iterator(chunk_size=2000):
        pseudonym = hmac.new(key, voter.bytes, hashlib.sha256).hexdigest()[:16]
        hour = cast_at.astimezone(UTC).strftime("%Y-%m-%dT%HZ")
        assert position is not None  # the filter says so
        yield Ballot(position, str(battle), a, b, winner, pseudonym, int(counted_as is not None), hour)
