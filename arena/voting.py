"""Casting a vote: the one way in which a verdict enters the contest."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from prometheus_client import Counter

from arena.battles import VOTABLE, counted_pairs, open_terms
from arena.drawing import pair_cap
from arena.holding import Held, Past, hold_battle, record_vote
from arena.models import BattleState, Reveal, SetAside, Terms, Winner
from arena.refusals import (
    AlreadyVoted,
    BattleIsVoid,
    NothingToVoteOn,
    NotInvited,
    RoundClosed,
    UnknownWinner,
)

VOTES = Counter("lms_votes_total", "Votes cast here, by whether they count; a repeated one is none.", ["counted"])


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the voter gets back. The same for every repetition of the same verdict."""

    vote: int
    counted: bool
    set_aside: str | None
    names: dict[str, dict[str, str]] | None


def winner_named(word: object) -> Winner:
    """The verdict a visitor's word means. Raises UnknownWinner."""
    if not isinstance(word, str) or word not in Winner.values:
        raise UnknownWinner
    return Winner(word)


@transaction.atomic
def cast_vote(*, battle_id: UUID, voter_id: UUID, winner: Winner) -> Receipt:
    """Record the voter's verdict. Locks settle two clicks and two tabs; the constraints hold whatever the code does."""
    battle, past = hold_battle(battle_id, voter_id)
    if past.vote is None:
        set_aside = _set_aside(battle, past)
        vote = _record(battle, past, winner, set_aside)
        transaction.on_commit(VOTES.labels(str(not set_aside).lower()).inc)
        return _receipt(battle, vote, set_aside, in_freeze=past.gate_is_frozen)
    if past.winner != winner:
        raise AlreadyVoted
    return _receipt(battle, past.vote, past.set_aside or "", in_freeze=bool(past.vote_in_freeze))


def _record(battle: Held, past: Past, winner: Winner, set_aside: str) -> int:
    if battle.state == BattleState.VOID:
        raise BattleIsVoid
    if past.last_turn not in VOTABLE:
        raise NothingToVoteOn
    if not past.gate_is_open:
        raise RoundClosed
    if not past.may_vote:
        raise NotInvited
    counted_as = None if set_aside else past.counted + 1
    return record_vote(battle, winner, counted_as, set_aside, in_freeze=past.gate_is_frozen)


def _set_aside(battle: Held, past: Past) -> str:
    """Why the vote does not count: it is on one's own team's entry, or beyond the caps of the round and of the pair."""
    if past.own_team:
        return SetAside.OWN_TEAM.value
    if past.counted >= battle.voter_cap or past.counted_on_pair >= pair_cap(battle.voter_cap, past.entries):
        return SetAside.OVER_CAP.value
    return ""


def _receipt(battle: Held, vote: int, set_aside: str, *, in_freeze: bool) -> Receipt:
    # With names after the close, a receipt never has them, not even one asked for again later: same bytes.
    known = battle.names if battle.reveal == Reveal.AFTER_VOTE and not in_freeze else None
    return Receipt(vote=vote, counted=not set_aside, set_aside=set_aside or None, names=known)


def allowance(voter_id: UUID) -> dict[str, Any]:
    """How many of the visitor's votes count in the open round so far, and how many can."""
    terms: Terms | None = open_terms()
    if terms is None:
        return {"counted": 0, "cap": 0, "round": None}
    counted = len(counted_pairs(voter_id, terms.gate_id))
    return {"counted": counted, "cap": terms.voter_cap, "round": terms.gate.key}
