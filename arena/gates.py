"""Where voting and closing meet: each vote is in or out of a round by commit order."""

from django.db import connection, transaction

from arena.models import Gate


def pass_gate(gate_id: int) -> bool:
    """Whether the gate is open, and hold it so until this transaction ends. Voters share it; closing waits."""
    # FOR SHARE, which Django does not offer: FOR UPDATE would let one vote through at a time.
    # SQLite has no row locks and needs none: its write transactions come one after another.
    lock = " FOR SHARE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT is_open FROM arena_gate WHERE id = %s{lock}", [gate_id])  # noqa: S608  lock is ours
        row = cursor.fetchone()
    return bool(row and row[0])


@transaction.atomic
def close_gate(gate_id: int) -> bool:
    """Let no more votes through. Returns after the votes under way have committed; False if it was closed already."""
    return bool(Gate.objects.filter(id=gate_id, is_open=True).update(is_open=False))
