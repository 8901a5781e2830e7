"""What casting a vote asks of the database, in as few statements as its guarantees allow, and without models.

A vote is the request that comes in crowds; of its time, building queries and models took two thirds.
"""

import uuid
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from arena.models import Battle, Vote, Winner
from arena.refusals import NotYourBattle

# Two clicks queue up at the battle, and one voter's tabs at the voter, so that "how many so far" is true when it is
# used. SQLite has no row locks and needs none: its write transactions come one after another.
HOLD = """
    SELECT battle.state, battle.entry_a_id, battle.entry_b_id, terms.id, terms.gate_id, terms.voter_cap, terms.reveal,
        a.slug, a.name, b.slug, b.name
    FROM arena_battle AS battle
    JOIN arena_voter AS voter ON voter.id = battle.voter_id
    JOIN arena_terms AS terms ON terms.id = battle.terms_id
    JOIN inference_entry AS a ON a.id = battle.entry_a_id
    JOIN inference_entry AS b ON b.id = battle.entry_b_id
    WHERE battle.id = %(battle)s AND battle.voter_id = %(voter)s
"""
LOCK = "FOR NO KEY UPDATE OF battle, voter"
# Asked once the locks are there: what HOLD waited for, it cannot see.
PAST = """
    SELECT vote.id, vote.winner, vote.counted_as, counted.votes, counted.on_pair,
        (SELECT count(*) FROM arena_drawable WHERE terms_id = %(terms)s),
        (SELECT state FROM arena_turn WHERE battle_id = %(battle)s ORDER BY number DESC LIMIT 1)
    FROM (
        SELECT count(*) AS votes, count(
            CASE WHEN battle.entry_a_id IN (%(a)s, %(b)s) AND battle.entry_b_id IN (%(a)s, %(b)s) THEN 1 END
        ) AS on_pair
        FROM arena_vote AS earlier JOIN arena_battle AS battle ON battle.id = earlier.battle_id
        WHERE earlier.gate_id = %(gate)s AND earlier.voter_id = %(voter)s AND earlier.counted_as IS NOT NULL
    ) AS counted
    LEFT JOIN arena_vote AS vote ON vote.battle_id = %(battle)s
"""
RECORD = """
    INSERT INTO arena_vote (battle_id, gate_id, voter_id, winner, counted_as, cast_at)
    VALUES (%(battle)s, %(gate)s, %(voter)s, %(winner)s, %(counted_as)s, %(now)s) RETURNING id
"""


class Held(NamedTuple):
    """A battle on which nobody else can vote now, and whose voter casts no other vote meanwhile."""

    id: uuid.UUID
    voter_id: uuid.UUID
    state: str
    entry_a_id: int
    entry_b_id: int
    terms_id: int
    gate_id: int
    voter_cap: int
    reveal: str
    slug_a: str
    name_a: str
    slug_b: str
    name_b: str

    @property
    def names(self) -> dict[str, dict[str, str]]:
        return {"a": {"slug": self.slug_a, "name": self.name_a}, "b": {"slug": self.slug_b, "name": self.name_b}}


class Past(NamedTuple):
    """What is known of a held battle: its vote if there is one, what its voter has spent, how its last turn ended."""

    vote: int | None
    winner: str | None
    counted_as: int | None
    counted: int
    counted_on_pair: int
    entries: int
    last_turn: str | None


def hold_battle(battle_id: uuid.UUID, voter_id: uuid.UUID) -> tuple[Held, Past]:
    """This voter's battle, held until the transaction ends, and its past. Raises NotYourBattle."""
    lock = LOCK if connection.features.has_select_for_update else ""
    asked: dict[str, Any] = {"battle": stored(Battle.id, battle_id), "voter": stored(Battle.voter, voter_id)}
    with connection.cursor() as cursor:
        cursor.execute(HOLD + lock, asked)
        row = cursor.fetchone()
        if row is None:
            raise NotYourBattle
        held = Held(battle_id, voter_id, *row)
        asked |= {"terms": held.terms_id, "gate": held.gate_id, "a": held.entry_a_id, "b": held.entry_b_id}
        cursor.execute(PAST, asked)
        return held, Past(*cursor.fetchone())


def record_vote(battle: Held, winner: Winner, counted_as: int | None) -> int:
    """Keep the vote on a held battle. Returns its number."""
    values = {
        "battle": stored(Vote.battle, battle.id),
        "gate": battle.gate_id,
        "voter": stored(Vote.voter, battle.voter_id),
        "winner": winner.value,
        "counted_as": counted_as,
        "now": stored(Vote.cast_at, timezone.now()),
    }
    with connection.cursor() as cursor:
        cursor.execute("UPDATE arena_battle SET state = 'voted' WHERE id = %(battle)s", values)
        cursor.execute(RECORD, values)
        (number,) = cursor.fetchone()
    return int(number)


def stored(column: Any, value: object) -> Any:
    """The value as this database keeps it: SQLite has UUIDs and times as text."""
    return column.field.get_db_prep_value(value, connection)
