"""Where voting and closing meet: each vote is in or out of a round by commit order.

Voters hold the gate shared (arena/holding.py); closing it waits for them.
"""

from django.db import transaction

from arena.models import Gate


@transaction.atomic
def close_gate(gate_id: int) -> bool:
    """Let no more votes through. Returns after the votes under way have committed; False if it was closed already."""
    return bool(Gate.objects.filter(id=gate_id, is_open=True).update(is_open=False))
