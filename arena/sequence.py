"""The sequencer: gives committed votes their gap-free positions. Everything downstream goes by position.

Ids are given before the commit and become visible out of order; a reader that remembers "the last id" loses votes.
"""

from django.db import connection, transaction

from arena.labelling import label_awaiting
from arena.models import Sequence

NUMBER = """
    UPDATE arena_vote SET position = awaiting.n + %s
    FROM (
        SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM arena_vote AS vote WHERE gate_id = %s AND position IS NULL
            AND EXISTS (SELECT 1 FROM arena_label WHERE battle_id = vote.battle_id)
    ) AS awaiting
    WHERE arena_vote.id = awaiting.id
"""


@transaction.atomic
def sweep(gate_id: int) -> int:
    """Give every committed vote without a position the next ones. Returns the last position given so far.

    Its battle is labelled first: a position stands for all that is published of a vote, and never changes.
    """
    # The locked row makes the sequencer single, however many processes call it.
    sequence = Sequence.objects.select_for_update().get(gate_id=gate_id)
    label_awaiting(gate_id)
    with connection.cursor() as cursor:
        # A vote that came since then waits for the next time.
        cursor.execute(NUMBER, [sequence.last, gate_id])
        numbered = cursor.rowcount
    if numbered:
        sequence.last += numbered
        sequence.save(update_fields=["last"])
    return sequence.last
