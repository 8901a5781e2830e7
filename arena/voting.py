"""Casting a vote: the one way in which a verdict enters the contest."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from arena.battles import battle_of, counted_pairs, names, open_terms, votable
from arena.drawing import pair_cap
from arena.gates import pass_gate
from arena.models import Battle, BattleState, Reveal, Terms, Vote, Voter, Winner
from arena.refusals import (
    AlreadyVoted,
    BattleIsVoid,
    NothingToVoteOn,
    RoundClosed,
    UnknownWinner,
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the voter gets back. The same for every repetition of the same verdict."""

    vote: int
    counted: bool
    names: dict[str, dict[str, str]] | None


def winner_named(word: object) -> Winner:
    """The verdict a visitor's word means. Raises UnknownWinner."""
    if not isinstance(word, str) or word not in Winner.values:
        raise UnknownWinner
    return Winner(word)


@transaction.atomic
def cast_vote(*, battle_id: UUID, voter_id: UUID, winner: Winner) -> Receipt:
    """Record the voter's verdict. Locks settle two clicks and two tabs; the constraints hold whatever the code does."""
    battle = battle_of(battle_id, voter_id, lock=True)
    vote = Vote.objects.filter(battle=battle).first()
    if vote is None:
        vote = _record(battle, winner)
    elif vote.winner != winner:
        raise AlreadyVoted
    return _receipt(battle, vote)


def _record(battle: Battle, winner: Winner) -> Vote:
    if battle.state == BattleState.VOID:
        raise BattleIsVoid
    if not votable(list(battle.turns.all())):
        raise NothingToVoteOn
    # One voter's tabs queue up here, so that "how many so far" is true when it is used.
    Voter.objects.select_for_update().get(id=battle.voter_id)
    if not pass_gate(battle.terms.gate_id):
        raise RoundClosed
    battle.state = BattleState.VOTED
    battle.save(update_fields=["state"])
    return Vote.objects.create(
        battle=battle,
        gate_id=battle.terms.gate_id,
        voter_id=battle.voter_id,
        winner=winner,
        counted_as=_counted_as(battle),
    )


def _counted_as(battle: Battle) -> int | None:
    """Which of the voter's counted votes this one is; None beyond the caps of the round and of the pair."""
    terms = battle.terms
    spent = counted_pairs(battle.voter_id, terms.gate_id)
    pair = frozenset({battle.entry_a_id, battle.entry_b_id})
    if len(spent) >= terms.voter_cap or spent.count(pair) >= pair_cap(terms.voter_cap, terms.drawables.count()):
        return None
    return len(spent) + 1


def _receipt(battle: Battle, vote: Vote) -> Receipt:
    # With names after the close, a receipt never has them, not even one asked for again later: same bytes.
    known = names(battle) if battle.terms.reveal == Reveal.AFTER_VOTE else None
    return Receipt(vote=vote.pk, counted=vote.counted_as is not None, names=known)


def allowance(voter_id: UUID) -> dict[str, Any]:
    """How many of the visitor's votes count in the open round so far, and how many can."""
    terms: Terms | None = open_terms()
    if terms is None:
        return {"counted": 0, "cap": 0, "round": None}
    counted = len(counted_pairs(voter_id, terms.gate_id))
    return {"counted": counted, "cap": terms.voter_cap, "round": terms.gate.key}
