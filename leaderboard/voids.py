"""The ledger of failures: who could not answer, how, after how many tokens, against whom.

A failure makes the battle void and weighs nothing, so it must not pay: how often each entry fails is public, and
organizers are told of one that fails more often than those it meets. Both sides of a battle get the same question at
the same time; if both fail alike, each failure is a toss of a coin between the two.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from arena.models import Turn
from inference.models import Entry
from leaderboard.models import Round
from rating import asymmetry, share_interval

FALSE_ALARM = 0.01  # in so many rounds in which all fail alike anybody is alarmed, however often one looks


@dataclass(frozen=True, slots=True)
class Failure:
    """A side that could not answer, and why the battle is void. tokens and worker are None where nobody was asked."""

    at: datetime
    battle: UUID
    turn: int
    entry: Entry
    against: Entry
    kind: str
    tokens: int | None
    worker: int | None


@dataclass(frozen=True, slots=True)
class Record:
    """How often an entry failed, and those whom it met failed against it."""

    entry: Entry
    own: int
    others: int


def failures(contest: Round, limit: int) -> list[Failure]:
    """The last of a round, the newest first."""
    rows = failed_turns(contest).select_related("battle__entry_a", "battle__entry_b").order_by("-ended_at", "-pk")
    return [failure(turn) for turn in rows[:limit]]


def failure(turn: Turn) -> Failure:
    first = turn.fault_side == "a"
    a, b = turn.battle.entry_a, turn.battle.entry_b
    told: dict[str, Any] = (turn.told_a if first else turn.told_b) or {}
    assert turn.ended_at
    return Failure(
        at=turn.ended_at,
        battle=turn.battle_id,
        turn=turn.number,
        entry=a if first else b,
        against=b if first else a,
        kind=turn.fault,
        tokens=told.get("tokens"),
        worker=told.get("worker_id"),
    )


def failed_turns(contest: Round) -> QuerySet[Turn]:
    return Turn.objects.filter(battle__terms__gate=contest.gate_id).exclude(fault_side="")


def failed(contest: Round) -> Counter[tuple[int, int]]:
    """(who failed, against whom) -> how often."""
    sides = (
        failed_turns(contest).values_list("battle__entry_a", "battle__entry_b", "fault_side").annotate(n=Count("pk"))
    )
    found: Counter[tuple[int, int]] = Counter()
    for a, b, side, number in sides.order_by():
        found[(a, b) if side == "a" else (b, a)] += number
    return found


def rate(failed: int, battles: int) -> dict[str, Any]:
    """How often of its battles an entry failed in, with a 95 % interval."""
    low, high = share_interval(failed, max(failed, battles))
    return {"failed": failed, "failed_low": float(low), "failed_high": float(high)}


def records(entries: Iterable[Entry], found: Counter[tuple[int, int]]) -> list[Record]:
    """Each entry's own failures and those of others against it, the most first."""
    rows = [
        Record(
            entry,
            own=sum(number for (who, _), number in found.items() if who == entry.pk),
            others=sum(number for (_, against), number in found.items() if against == entry.pk),
        )
        for entry in entries
    ]
    return sorted(rows, key=lambda row: (-row.own, row.entry.slug))


def unequal(contest: Round) -> list[Record]:
    """Entries of a round that fail more often than those they meet; see FALSE_ALARM."""
    entries = list(Entry.objects.filter(drawables__terms__gate=contest.gate_id).distinct())
    every = records(entries, failed(contest))
    return [row for row in every if asymmetry(row.own, row.others) >= len(entries) / FALSE_ALARM]
