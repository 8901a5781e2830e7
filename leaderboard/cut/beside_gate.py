"""What the gate of eligibility did to a published cut: who is out with it, and who would have been without it."""

import json
from dataclasses import dataclass
from functools import lru_cache

from leaderboard.cut.decisions import INELIGIBLE, decided_by, grounds_of, in_force
from leaderboard.models import Decision, Round
from rating.decision import Grounds

EDITIONS = 64  # remembered by each process: working one out counts all votes anew, and everybody may ask


@dataclass(frozen=True, slots=True)
class BesideGate:
    """By slug: who failed the gate, whom the cut took among the others, and whom it would have taken of all.

    without: None where the votes and rules would not have decided it.
    """

    failed: tuple[str, ...]
    goes: tuple[str, ...]
    without: tuple[str, ...] | None


def beside_gate(contest: Round) -> BesideGate | None:
    """Of the decision in force; None while there is none."""
    decision = in_force(contest)
    if decision is None:
        return None
    failed = tuple(one.slug for one in Grounds.read(decision.grounds).entrants if one.why == INELIGIBLE)
    goes = tuple(json.loads(decision.content)["goes"])
    return BesideGate(failed, goes, _without(decision.pk, decision.digest) if failed else goes)


@lru_cache(maxsize=EDITIONS)
def _without(edition: int, digest: str) -> tuple[str, ...] | None:
    decision = Decision.objects.select_related("round__series", "round__gate", "board").get(pk=edition, digest=digest)
    grounds = grounds_of(decision.round, decision.board, gate=False)
    found = decided_by(decision.round, decision.board, grounds)
    return tuple(sorted(found.goes)) if found.state == "decided" else None
