"""Labels are made off the vote's path: when the sequencer comes by, or just before the text is erased.

So a vote costs nothing more, every vote with a position has its label for good, and a label is the same whenever it is
made: what the visitor saw does not change after the vote.
"""

import logging
from collections.abc import Iterable, Sequence
from itertools import groupby
from uuid import UUID

from django.db import connection
from prometheus_client import Counter

from arena.content import text_of
from arena.labels import RULES, Seen, labels_of
from arena.models import Label, Turn, TurnState

log = logging.getLogger(__name__)

SHOWN = (TurnState.COMPLETE, TurnState.STOPPED)
AT_ONCE = 500  # battles whose text is in memory together

FAILED = Counter("lms_label_failures_total", "Battles whose text the rules could not read.")

# By battle, as whoever erases goes: the two wait for each other and never both at once. What is held here lets votes
# through; only an eraser waits.
AWAITING = """
    SELECT battle.id FROM arena_battle AS battle
    JOIN arena_vote AS vote ON vote.battle_id = battle.id
    WHERE vote.gate_id = %s AND vote.position IS NULL AND battle.id > %s
        AND NOT EXISTS (SELECT 1 FROM arena_label WHERE battle_id = battle.id)
    ORDER BY battle.id LIMIT %s
"""
HOLD = "FOR KEY SHARE OF battle"
BEFORE_ALL = UUID(int=0)


def label_awaiting(gate_id: int) -> None:
    """Label the battles whose votes have no position yet, inside the caller's transaction."""
    last = BEFORE_ALL
    while battles := _awaiting(gate_id, last):
        label_battles(battles)
        last = battles[-1]


def _awaiting(gate_id: int, after: UUID) -> list[UUID]:
    stored = Label._meta.pk.get_db_prep_value(after, connection)
    hold = HOLD if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(AWAITING + hold, [gate_id, stored, AT_ONCE])
        return [UUID(str(battle)) for (battle,) in cursor.fetchall()]


def label_battles(battles: Sequence[UUID]) -> None:
    """Label these battles, of which the caller holds a lock; one that has its label keeps it."""
    turns = Turn.objects.filter(battle_id__in=battles, state__in=SHOWN).order_by("battle_id", "number")
    shown = {battle: list(group) for battle, group in groupby(turns.iterator(AT_ONCE), key=lambda turn: turn.battle_id)}
    labels = [_label(battle, shown.get(battle, ())) for battle in battles]
    Label.objects.bulk_create(labels, ignore_conflicts=True)


def _label(battle: UUID, turns: Iterable[Turn]) -> Label:
    seen = [Seen(*map(text_of, (turn.prompt, turn.reply_a, turn.reply_b))) for turn in turns if not turn.erased_at]
    if not seen:
        return Label(battle_id=battle, rules=RULES)
    try:
        found = labels_of(seen)
    except Exception:
        # A text that breaks a rule must not stop the counting for everybody: its label says that nothing is known.
        log.exception("the label of battle %s could not be made", battle)
        FAILED.inc()
        return Label(battle_id=battle, rules=RULES)
    return Label(battle_id=battle, rules=RULES, language=found.language, categories=found.categories, style=found.style)
