"""The season's votes: what the arena would have written, in bulk and with the times at which they were cast.

Who meets whom is drawn by the arena's own function from the published chances; positions, labels and boards are made
from these rows by the site's own functions, like those of any vote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from arena.battles import published_chances
from arena.content import text_parts
from arena.drawing import draw_pair, pair_cap
from arena.models import Battle, BattleState, SetAside, Terms, Turn, TurnState, Vote, Voter
from config.season.phrases import answer
from config.season.world import Contestant, Guest, guest, prompt_of, verdict

SECONDS_A_BATTLE = (25, 140)
FOLLOW_UPS = 0.35  # of the prompts that have one


@dataclass(slots=True)
class Rows:
    """What a stretch of time leaves behind."""

    voters: list[Voter] = field(default_factory=list)
    battles: list[Battle] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    votes: list[Vote] = field(default_factory=list)

    def store(self) -> None:
        Voter.objects.bulk_create(self.voters)
        Battle.objects.bulk_create(self.battles)
        Turn.objects.bulk_create(self.turns)
        # Ids follow the order in which they were cast, and positions follow ids.
        Vote.objects.bulk_create(sorted(self.votes, key=lambda vote: vote.cast_at))


@dataclass(frozen=True, slots=True)
class Field:
    """Who can be drawn under the terms in force, and how likely each pair is."""

    terms: Terms
    entries: Mapping[int, Contestant]
    weights: Mapping[int, float]
    chances: Mapping[frozenset[int], float]


def field_of(terms: Terms, contestants: Mapping[str, Contestant]) -> Field:
    drawn = list(terms.drawables.values_list("entry_id", "entry__slug", "weight"))
    return Field(
        terms,
        {entry: contestants[slug] for entry, slug, _ in drawn},
        {entry: weight for entry, _, weight in drawn},
        published_chances(terms),
    )


def vote_between(random: Random, drawn: Field, start: datetime, end: datetime, votes: int) -> int:
    """Let guests come by until there are so many votes. Returns how many there are."""
    rows = Rows()
    while len(rows.votes) < votes:
        visit(random, drawn, start + random.random() * (end - start), end, rows, votes)
    rows.store()
    return len(rows.votes)


def visit(random: Random, drawn: Field, at: datetime, end: datetime, rows: Rows, votes: int) -> None:
    """One guest's battles, one after the other, until the end or until there are so many votes."""
    who = guest(random, list(drawn.entries.values()))
    voter = Voter(id=UUID(int=random.getrandbits(128), version=4), agreed_at=at)
    rows.voters.append(voter)
    spent: list[frozenset[int]] = []
    for _ in range(who.battles):
        at += timedelta(seconds=random.uniform(*SECONDS_A_BATTLE))
        if at < end and len(rows.votes) < votes:
            battle(random, drawn, voter, who, at, spent, rows)


def battle(
    random: Random, drawn: Field, voter: Voter, who: Guest, at: datetime, spent: list[frozenset[int]], rows: Rows
) -> None:
    """A battle, its turns and its vote. spent: the pairs of the guest's counted votes, to which it may add its own."""
    cap = pair_cap(drawn.terms.voter_cap, len(drawn.weights))
    pair = draw_pair(drawn.weights, spent=spent, cap=cap, random=random, chances=drawn.chances)
    assert pair is not None  # there are two at least
    fought = Battle(
        id=UUID(int=random.getrandbits(128), version=4),
        terms=drawn.terms,
        voter=voter,
        entry_a_id=pair.a,
        entry_b_id=pair.b,
        propensity=pair.propensity,
        state=BattleState.VOTED,
    )
    a, b = drawn.entries[pair.a], drawn.entries[pair.b]
    prompt = prompt_of(random, who)
    asked = [prompt.text, prompt.more] if prompt.more and random.random() < FOLLOW_UPS else [prompt.text]
    rows.battles.append(fought)
    rows.turns += turns(random, fought, (a, b), asked, who.language, at)
    both = frozenset((pair.a, pair.b))
    counts = len(spent) < drawn.terms.voter_cap and spent.count(both) < cap
    if counts:
        spent.append(both)
    rows.votes.append(
        Vote(
            battle=fought,
            gate_id=drawn.terms.gate_id,
            voter=voter,
            winner=verdict(random, who, a, b, prompt),
            counted_as=len(spent) if counts else None,
            set_aside="" if counts else SetAside.OVER_CAP,
            cast_at=at,
        )
    )


def turns(
    random: Random, fought: Battle, pair: Sequence[Contestant], asked: Sequence[str], language: str, at: datetime
) -> list[Turn]:
    made, tick = [], 1
    for number, text in enumerate(asked, 1):
        replies = [answer(random, language, entry.listing) for entry in pair]
        made.append(
            Turn(
                battle=fought,
                number=number,
                state=TurnState.COMPLETE,
                prompt=text_parts(text),
                reply_a=text_parts(replies[0]),
                reply_b=text_parts(replies[1]),
                first_tick=tick,
                ticks=[[len(replies[0]), len(replies[1])]],
                started_at=at - timedelta(seconds=20),
                ended_at=at - timedelta(seconds=8),
            )
        )
        tick += 2
    return made
