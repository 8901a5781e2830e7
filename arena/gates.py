"""Where voting meets opening, freezing and closing: each vote is before or after them by commit order.

Voters hold the gate shared (arena/holding.py); whoever changes it waits for them, and they for it.
"""

from datetime import datetime

from django.db import transaction

from arena.models import Gate


@transaction.atomic
def open_gate(gate_id: int, *, freezes_at: datetime | None, until: datetime) -> None:
    """Let votes through until then. Whoever is to freeze or to close it may come late; no vote does."""
    Gate.objects.filter(id=gate_id).update(is_open=True, freezes_at=freezes_at, closes_at=until)


@transaction.atomic
def move_times(gate_id: int, *, freezes_at: datetime | None, until: datetime) -> None:
    """Let votes through, and let them tell names, for a longer or a shorter time."""
    Gate.objects.filter(id=gate_id).update(freezes_at=freezes_at, closes_at=until)


@transaction.atomic
def freeze_gate(gate_id: int) -> None:
    """From here on no vote tells names. Returns after the votes under way, which still do, have committed."""
    Gate.objects.filter(id=gate_id).update(is_frozen=True)


@transaction.atomic
def thaw_gate(gate_id: int) -> None:
    """Votes tell names again, where the terms let them; those of the freeze once the gate is closed."""
    Gate.objects.filter(id=gate_id).update(is_frozen=False)


@transaction.atomic
def close_gate(gate_id: int) -> bool:
    """Let no more votes through. Returns after the votes under way have committed; False if it was closed already."""
    return bool(Gate.objects.filter(id=gate_id, is_open=True).update(is_open=False))
