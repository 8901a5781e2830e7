"""A battle from its draw to its last turn. Every write to battles and turns is here; votes are in voting.py, and
text is taken out again in erasing.py. Each of them locks the battle before it writes to its turns."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random, SystemRandom
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.admissions import is_admitted
from arena.content import Part, text_of, text_parts
from arena.drawing import draw_pair, pair_cap
from arena.holding import Asked, battle_that_asks, battle_to_ask
from arena.models import Battle, BattleState, Pairing, Reveal, Side, Terms, Turn, TurnState, Vote, Voter
from arena.refusals import (
    AlreadyVoted,
    BattleIsVoid,
    NobodyToDraw,
    NoOpenRound,
    NotInvited,
    NoTurnsLeft,
    NotYourBattle,
    RoundClosed,
    StillAnswering,
)
from inference.breaker import closed
from inference.draining import in_service
from inference.models import Entry, Worker
from inference.replies import Message, Reply, Sampling

SYSTEM_RANDOM = SystemRandom()
VOTABLE = {TurnState.COMPLETE, TurnState.STOPPED}
BATTLE_SECONDS = 150  # no turn may stream longer, whatever else fails
NOBODYS_SECONDS = BATTLE_SECONDS - 12  # a turn that streams for so long has lost its process; beat looks every 5 s


def open_terms() -> Terms | None:
    """The terms under which battles start now: the latest version of the open gate."""
    in_time = Q(gate__closes_at=None) | Q(gate__closes_at__gt=Now())
    terms = Terms.objects.filter(in_time, gate__is_open=True).select_related("gate")
    return terms.order_by("-gate_id", "-version").first()


def start_battle(*, voter_id: uuid.UUID, agreed: bool = False, random: Random = SYSTEM_RANDOM) -> Battle:
    """Draw two entries that can answer, for this voter. Raises NoOpenRound, NotInvited, NobodyToDraw."""
    terms = open_terms()
    if terms is None:
        raise NoOpenRound
    if terms.verified_only and not is_admitted(voter_id, terms.gate_id):
        raise NotInvited
    drawables = dict(terms.drawables.values_list("entry_id", "weight"))
    workers = closed(in_service(Worker.objects.filter(healthy=True, entry_id__in=drawables)))
    awake = set(workers.values_list("entry_id", flat=True))
    draw = draw_pair(
        {entry: weight for entry, weight in drawables.items() if entry in awake},
        spent=counted_pairs(voter_id, terms.gate_id),
        cap=pair_cap(terms.voter_cap, len(drawables)),
        random=random,
        chances=published_chances(terms),
    )
    if draw is None:
        raise NobodyToDraw
    with transaction.atomic():
        voter, _ = Voter.objects.get_or_create(id=voter_id)
        if agreed and voter.agreed_at is None:
            Voter.objects.filter(id=voter_id, agreed_at=None).update(agreed_at=timezone.now())
        return Battle.objects.create(
            terms=terms, voter=voter, entry_a_id=draw.a, entry_b_id=draw.b, propensity=draw.propensity
        )


def published_chances(terms: Terms) -> dict[frozenset[int], float]:
    """How likely each unordered pair is to meet under these terms; empty as long as nobody has worked it out."""
    pairing = Pairing.objects.filter(terms=terms).values_list("chances", flat=True).first()
    return {frozenset((one, other)): chance for one, other, chance in pairing or ()}


def counted_pairs(voter_id: uuid.UUID, gate_id: int) -> list[frozenset[int]]:
    """The unordered pairs of the voter's counted votes in the round."""
    counted = Vote.objects.filter(gate_id=gate_id, voter_id=voter_id, counted_as__isnull=False)
    return [frozenset(pair) for pair in counted.values_list("battle__entry_a_id", "battle__entry_b_id")]


def battle_of(battle_id: uuid.UUID, voter_id: uuid.UUID, *, lock: bool = False) -> Battle:
    """This voter's battle; locked until the transaction ends, if asked. Raises NotYourBattle for another's and none."""
    battles = Battle.objects.select_related("terms", "terms__gate", "entry_a", "entry_b")
    if lock:
        battles = battles.select_for_update(of=("self",))
    battle = battles.filter(id=battle_id, voter_id=voter_id).first()
    if battle is None:
        raise NotYourBattle
    return battle


@dataclass(frozen=True, slots=True)
class Script:
    """All that playing one turn needs: no database is asked between a visitor and a token."""

    battle_id: uuid.UUID
    turn_id: int
    number: int
    first_tick: int
    asked_at: float
    entries: dict[Side, int]
    messages: dict[Side, Sequence[Message]]
    sampling: Sampling
    pace: int


@dataclass(slots=True)
class Shown:
    """What of a turn's replies was shown so far, and in which ticks."""

    text: dict[Side, list[str]] = field(default_factory=lambda: {Side.A: [], Side.B: []})
    ticks: list[tuple[int, int]] = field(default_factory=list)

    def add(self, texts: Mapping[Side, str]) -> None:
        for side, text in texts.items():
            self.text[side].append(text)
        self.ticks.append((len(texts[Side.A]), len(texts[Side.B])))

    def parts(self, side: Side) -> list[Part]:
        return text_parts("".join(self.text[side]))


@transaction.atomic
def begin_turn(*, battle_id: uuid.UUID, voter_id: uuid.UUID, prompt: str) -> Script:
    """Take a cleaned prompt into the battle. Raises the Refusal that says why not; then nothing has changed."""
    battle = battle_to_ask(battle_id, voter_id)
    match battle.state:
        case BattleState.VOID:
            raise BattleIsVoid
        case BattleState.VOTED:
            raise AlreadyVoted
    if not battle.gate_is_open:
        raise RoundClosed
    turns = list(Turn.objects.filter(battle_id=battle_id))
    if any(turn.ended_at is None for turn in turns):
        raise StillAnswering
    if len(turns) >= battle.max_turns:
        raise NoTurnsLeft
    turn = Turn.objects.create(
        battle_id=battle_id,
        number=len(turns) + 1,
        state=TurnState.WAITING,
        waits_at=Now(),
        prompt=text_parts(prompt),
        first_tick=next_tick(turns),
    )
    return script(battle, turns, turn)


def waiting_script(battle_id: uuid.UUID) -> Script | None:
    """The script of the turn that waits; None if none does any more."""
    turns = list(Turn.objects.filter(battle_id=battle_id))
    if not turns or turns[-1].state != TurnState.WAITING:
        return None
    keep_waiting(turns[-1].pk)
    return script(battle_that_asks(battle_id), turns[:-1], turns[-1])


def keep_waiting(turn_id: int) -> None:
    """Say that somebody still waits for the turn's places."""
    Turn.objects.filter(id=turn_id, state=TurnState.WAITING).update(waits_at=Now())


def admit_turn(turn_id: int) -> bool:
    """It has its places and begins to stream. False if it waits no more: another process was quicker, or it ended."""
    waiting = Turn.objects.filter(id=turn_id, state=TurnState.WAITING)
    return bool(waiting.update(state=TurnState.STREAMING, started_at=Now(), waits_at=None))


@transaction.atomic
def withdraw_turn(turn_id: int) -> bool:
    """The visitor left the line: nothing has happened. The row goes, and with it the question; the battle stays.

    False if the turn waits no more.
    """
    battle = Battle.objects.select_for_update(of=("self",)).filter(turns=turn_id).first()
    return battle is not None and bool(Turn.objects.filter(id=turn_id, state=TurnState.WAITING).delete()[0])


def next_tick(turns: Sequence[Turn]) -> int:
    return turns[-1].first_tick + len(turns[-1].ticks) if turns else 1


def script(battle: Asked, before: Sequence[Turn], turn: Turn) -> Script:
    def conversation(side: Side) -> list[Message]:
        messages: list[Message] = []
        if battle.system_prompt:
            messages.append({"role": "system", "content": battle.system_prompt})
        for past in before:
            reply = past.reply_a if side == Side.A else past.reply_b
            messages.append({"role": "user", "content": text_of(past.prompt)})
            messages.append({"role": "assistant", "content": text_of(reply)})
        messages.append({"role": "user", "content": text_of(turn.prompt)})
        return messages

    return Script(
        battle_id=battle.id,
        turn_id=turn.pk,
        number=turn.number,
        first_tick=turn.first_tick,
        asked_at=turn.started_at.timestamp(),
        entries={Side.A: battle.entry_a_id, Side.B: battle.entry_b_id},
        messages={side: conversation(side) for side in Side},
        sampling=Sampling(float(battle.temperature), float(battle.top_p), battle.max_tokens),
        pace=battle.pace,
    )


@transaction.atomic
def end_turn(
    turn_id: int,
    state: TurnState,
    shown: Shown,
    *,
    fault: str = "",
    side: str = "",
    told: Mapping[Side, Reply] | None = None,
) -> bool:
    """Keep what was shown, how the turn ended, and how the replies had come. False if somebody ended it first.

    A void turn makes its battle void: neither entry gains or loses, and the record says who failed and how.
    """
    battle = Battle.objects.select_for_update(of=("self",)).get(turns=turn_id)
    ended = Turn.objects.filter(id=turn_id, ended_at=None).update(
        state=state,
        reply_a=shown.parts(Side.A),
        reply_b=shown.parts(Side.B),
        ticks=shown.ticks,
        told_a=told[Side.A].record() if told else None,
        told_b=told[Side.B].record() if told else None,
        fault=fault,
        fault_side=side,
        ended_at=Now(),
    )
    if ended and state == TurnState.VOID and battle.state == BattleState.OPEN:
        battle.state = BattleState.VOID
        battle.save(update_fields=["state"])
    return bool(ended)


def void_abandoned_turns() -> int:
    """End the turns whose process is gone. Returns how many there were."""
    late = Now() - timedelta(seconds=NOBODYS_SECONDS)
    stuck = Turn.objects.filter(state=TurnState.STREAMING, started_at__lt=late).values_list("id", flat=True)
    for turn_id in Turn.objects.filter(state=TurnState.WAITING, waits_at__lt=late).values_list("id", flat=True):
        withdraw_turn(turn_id)  # nobody has come back to it
    return sum(end_turn(turn_id, TurnState.VOID, Shown(), fault="interrupted") for turn_id in stuck)


def void_words(fault: str) -> str:
    """Why a battle is void, kindly, and never more than the visitor may know: no name, no text of a worker."""
    if fault == "stopped":
        return _("Stopped before both had answered. This battle does not count; your prompt is kept.")
    if fault == "abandoned":
        return _("The connection was gone before both had answered. This battle does not count; your prompt is kept.")
    if fault == "erased":
        return _("The text of this conversation has been deleted. Without a vote before, it does not count.")
    return _("One of the two could not answer. This battle does not count; your prompt is kept.")


def votable(turns: Sequence[Turn]) -> bool:
    """Whether there are two answers to judge: the last turn has ended with both of them shown."""
    return bool(turns) and turns[-1].state in VOTABLE


def names(battle: Battle, vote: Vote | None) -> dict[str, dict[str, str]] | None:
    """The two names, if the terms let this visitor know them now."""
    gate = battle.terms.gate
    if vote is None:
        return None
    if vote.in_freeze and (gate.is_open or gate.is_frozen):
        return None
    if battle.terms.reveal == Reveal.AFTER_CLOSE and gate.is_open:
        return None
    return {side.value: _name(battle.entry(side)) for side in Side}


def _name(entry: Entry) -> dict[str, str]:
    return {"slug": entry.slug, "name": entry.name}


def describe_battle(battle: Battle) -> dict[str, Any]:
    """The battle as its voter may see it, to resume it exactly. No name before the vote."""
    turns = list(battle.turns.all())
    vote = Vote.objects.filter(battle=battle).first()
    last = next_tick(turns) - 1
    void = battle.state == BattleState.VOID
    return {
        "id": str(battle.id),
        "state": battle.state,
        "turns": [_describe_turn(turn) for turn in turns],
        "turns_left": 0 if vote or void else battle.terms.max_turns - len(turns),
        "votable": battle.state == BattleState.OPEN and votable(turns) and battle.terms.gate.is_open,
        "tick": last,
        "vote": _describe_vote(vote) if vote else None,
        "names": names(battle, vote),
        "message": void_words(turns[-1].fault) if void and turns else None,
        "erased": any(turn.erased_at for turn in turns),
    }


def _describe_vote(vote: Vote) -> dict[str, Any]:
    return {"winner": vote.winner, "counted": vote.counted_as is not None, "set_aside": vote.set_aside or None}


def cut_sides(turn: Turn) -> list[str]:
    """The sides whose answer is whole, and ended by the limit of tokens."""
    told = {"a": turn.told_a, "b": turn.told_b} if turn.state == TurnState.COMPLETE else {}
    return [side for side, reply in told.items() if reply and reply["finish"] == "length"]


def _describe_turn(turn: Turn) -> dict[str, Any]:
    return {
        "number": turn.number,
        "state": turn.state,
        "prompt": text_of(turn.prompt),
        "a": text_of(turn.reply_a),
        "b": text_of(turn.reply_b),
        "cut": cut_sides(turn),
        "first_tick": turn.first_tick,
        "last_tick": turn.first_tick + len(turn.ticks) - 1,
    }
