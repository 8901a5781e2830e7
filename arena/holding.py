"""What votes and prompts ask of the database, in few statements and round trips, and without models.

A vote is the request that comes in crowds, and a prompt is waited for by somebody; of their time, most went into
building queries and waiting for answers.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection

from arena.models import Battle, Vote, Winner
from arena.refusals import NotYourBattle

# Two clicks queue up at the battle, and one voter's tabs at the voter, so that "how many so far" is true when it is
# used. SQLite has no row locks and needs none: its write transactions come one after another.
HOLD = """
    SELECT battle.state, battle.entry_a_id, battle.entry_b_id, terms.gate_id, terms.voter_cap, terms.reveal,
        a.slug, a.name, b.slug, b.name
    FROM arena_battle AS battle
    JOIN arena_voter AS voter ON voter.id = battle.voter_id
    JOIN arena_terms AS terms ON terms.id = battle.terms_id
    JOIN inference_entry AS a ON a.id = battle.entry_a_id
    JOIN inference_entry AS b ON b.id = battle.entry_b_id
    WHERE battle.id = %(battle)s AND battle.voter_id = %(voter)s
"""
LOCK = "FOR NO KEY UPDATE OF battle, voter"
# A statement of its own, which begins once the locks are there: what HOLD waited for, it could not see.
PAST = """
    SELECT vote.id, vote.winner, vote.counted_as,
        (SELECT count(*) FROM arena_vote AS earlier
            WHERE gate_id = gate.id AND voter_id = battle.voter_id AND counted_as IS NOT NULL),
        (SELECT count(*) FROM arena_vote AS earlier JOIN arena_battle AS other ON other.id = earlier.battle_id
            WHERE earlier.gate_id = gate.id AND earlier.voter_id = battle.voter_id AND earlier.counted_as IS NOT NULL
            AND other.entry_a_id IN (battle.entry_a_id, battle.entry_b_id)
            AND other.entry_b_id IN (battle.entry_a_id, battle.entry_b_id)),
        (SELECT count(*) FROM arena_drawable WHERE terms_id = battle.terms_id),
        (SELECT state FROM arena_turn WHERE battle_id = battle.id ORDER BY number DESC LIMIT 1),
        gate.is_open AND (gate.closes_at IS NULL OR gate.closes_at > CURRENT_TIMESTAMP),
        gate.is_frozen OR (gate.freezes_at IS NOT NULL AND gate.freezes_at <= CURRENT_TIMESTAMP),
        vote.in_freeze, vote.set_aside,
        EXISTS (
            SELECT 1 FROM arena_voteraccount AS account
            JOIN accounts_membership AS membership ON membership.user_id = account.user_id
            JOIN inference_entry AS entry ON entry.team_id = membership.team_id
            WHERE account.voter_id = battle.voter_id AND entry.id IN (battle.entry_a_id, battle.entry_b_id)
        ),
        NOT terms.verified_only OR EXISTS (
            SELECT 1 FROM arena_admitted AS admitted
            WHERE admitted.gate_id = gate.id AND admitted.voter_id = battle.voter_id
        )
    FROM arena_battle AS battle
    JOIN arena_terms AS terms ON terms.id = battle.terms_id
    JOIN arena_gate AS gate ON gate.id = terms.gate_id
    LEFT JOIN arena_vote AS vote ON vote.battle_id = battle.id
    WHERE battle.id = %(battle)s AND battle.voter_id = %(voter)s
"""
# Voters share the gate, and who freezes or closes it waits for them: each vote is before or after by commit order.
SHARE = "FOR SHARE OF gate"
# Two tabs may send a prompt at once: the lock orders them.
ASK = """
    SELECT battle.state, battle.entry_a_id, battle.entry_b_id, gate.is_open,
        terms.max_turns, terms.system_prompt, terms.temperature, terms.top_p, terms.max_tokens, terms.pace
    FROM arena_battle AS battle
    JOIN arena_terms AS terms ON terms.id = battle.terms_id
    JOIN arena_gate AS gate ON gate.id = terms.gate_id
    WHERE battle.id = %(battle)s
"""
MARK = "UPDATE arena_battle SET state = 'voted' WHERE id = %(battle)s"
RECORD = """
    INSERT INTO arena_vote (battle_id, gate_id, voter_id, winner, counted_as, set_aside, in_freeze)
    VALUES (%(battle)s, %(gate)s, %(voter)s, %(winner)s, %(counted_as)s, %(set_aside)s, %(in_freeze)s) RETURNING id
"""


class Held(NamedTuple):
    """A battle on which nobody else can vote now, and whose voter casts no other vote meanwhile."""

    id: uuid.UUID
    voter_id: uuid.UUID
    state: str
    entry_a_id: int
    entry_b_id: int
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
    """What is known of a held battle: its vote if there is one, what its voter has spent, how its last turn ended.

    Whether its gate is open and whether it is frozen stay true until the transaction ends.
    """

    vote: int | None
    winner: str | None
    counted_as: int | None
    counted: int
    counted_on_pair: int
    entries: int
    last_turn: str | None
    gate_is_open: bool
    gate_is_frozen: bool
    vote_in_freeze: bool | None
    set_aside: str | None
    own_team: bool
    may_vote: bool


def hold_battle(battle_id: uuid.UUID, voter_id: uuid.UUID) -> tuple[Held, Past]:
    """This voter's battle, held until the transaction ends, and its past. Raises NotYourBattle."""
    lock, share = (LOCK, SHARE) if connection.features.has_select_for_update else ("", "")
    asked = {"battle": stored(Battle.id, battle_id), "voter": stored(Battle.voter, voter_id)}
    with together(), connection.cursor() as holding, connection.cursor() as looking:
        holding.execute(HOLD + lock, asked)
        looking.execute(PAST + share, asked)
        held, past = holding.fetchone(), looking.fetchone()
    if held is None:
        raise NotYourBattle
    return Held(battle_id, voter_id, *held), Past(*past)


class Asked(NamedTuple):
    """A battle in which a prompt is to be answered, and what its terms say of the answers."""

    id: uuid.UUID
    state: str
    entry_a_id: int
    entry_b_id: int
    gate_is_open: bool
    max_turns: int
    system_prompt: str
    temperature: float
    top_p: float
    max_tokens: int
    pace: int


def battle_to_ask(battle_id: uuid.UUID, voter_id: uuid.UUID) -> Asked:
    """This voter's battle, held until the transaction ends. Raises NotYourBattle."""
    lock = "FOR UPDATE OF battle" if connection.features.has_select_for_update else ""
    asked = {"battle": stored(Battle.id, battle_id), "voter": stored(Battle.voter, voter_id)}
    with connection.cursor() as cursor:
        cursor.execute(f"{ASK} AND battle.voter_id = %(voter)s {lock}", asked)
        row = cursor.fetchone()
    if row is None:
        raise NotYourBattle
    return Asked(battle_id, *row)


def battle_that_asks(battle_id: uuid.UUID) -> Asked:
    """A battle that is there, not held."""
    with connection.cursor() as cursor:
        cursor.execute(ASK, {"battle": stored(Battle.id, battle_id)})
        return Asked(battle_id, *cursor.fetchone())


def record_vote(battle: Held, winner: Winner, counted_as: int | None, set_aside: str, *, in_freeze: bool) -> int:
    """Keep the vote on a held battle: counted as the voter's so many-th, or set aside. Returns its number."""
    values = {
        "battle": stored(Vote.battle, battle.id),
        "gate": battle.gate_id,
        "voter": stored(Vote.voter, battle.voter_id),
        "winner": winner.value,
        "counted_as": counted_as,
        "set_aside": set_aside,
        "in_freeze": in_freeze,
    }
    with together(), connection.cursor() as marking, connection.cursor() as recording:
        marking.execute(MARK, values)
        recording.execute(RECORD, values)
        (number,) = recording.fetchone()
    return int(number)


@contextmanager
def together() -> Iterator[None]:
    """Send the block's statements in one go, where the database takes them so; their results are fetched at its end."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def stored(column: Any, value: object) -> Any:
    """The value as this database keeps it: SQLite has UUIDs as text."""
    return column.field.get_db_prep_value(value, connection)
