"""Erasing what was said: the one place that takes text out of the rows. Votes and all that a board rests on stay.

A battle whose text is gone before a verdict is void: nobody can judge it any more.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce, Now

from arena.labelling import label_battles
from arena.models import Battle, BattleState, Report, Turn, TurnState
from arena.refusals import SiteAway
from arena.replay import AFTER_ALL, KEEP_SECONDS, Piece, ReplayAway, replay

log = logging.getLogger(__name__)

BATCH = 100  # battles a transaction: those who vote or ask in one of them wait for it

TURNS = Turn.objects.filter(battle=OuterRef("pk"))
WITH_TEXT = Exists(TURNS.filter(erased_at=None))
STREAMING = Exists(TURNS.filter(ended_at=None))


def held_conversations(voter_id: UUID) -> QuerySet[Battle]:
    """The visitor's battles of which there is text."""
    return Battle.objects.filter(WITH_TEXT, voter_id=voter_id)


def erase_conversations(voter_id: UUID) -> int:
    """Erase the text of all the visitor's battles, at once and everywhere. Returns how many had any.

    Raises SiteAway where only the rows could be reached; asked again, the rest follows.

    A turn that streams is ended by it: its stage is told to stop, and finds that nothing more can be kept.
    """
    erased = _erase_all(held_conversations(voter_id))
    # Asked of the database: an earlier attempt may have broken off between the rows and the shelves.
    recently = Now() - timedelta(seconds=KEEP_SECONDS)
    shelved = dict(
        Battle.objects.filter(voter_id=voter_id, turns__erased_at__gte=recently).values_list("id", "state").distinct()
    )
    if shelved:
        try:
            async_to_sync(_forget)(shelved)
        except ReplayAway as why:
            log.error("shown text could not be forgotten yet: %s", why)  # noqa: TRY400  what is away says it itself
            raise SiteAway from None
    return erased


def erase_old_conversations() -> int:
    """Erase the text of battles that began RETENTION_DAYS ago. Returns how many there were.

    One that streams just now is left for the next time. The shelves have forgotten such old text long ago.
    """
    end = Now() - timedelta(days=settings.RETENTION_DAYS)
    old = Turn.objects.filter(erased_at=None, started_at__lt=end).values("battle")
    return _erase_all(Battle.objects.filter(~STREAMING, WITH_TEXT, id__in=old))


def _erase_all(battles: QuerySet[Battle]) -> int:
    """Batch by batch, each of them whole: broken off, it can be begun again."""
    erased = 0
    while (batch := _erase_batch(battles)) is not None:
        erased += batch
    return erased


@transaction.atomic
def _erase_batch(battles: QuerySet[Battle]) -> int | None:
    """How many of the next battles were erased here; None if there are no more."""
    # Whoever writes turns locks their battle first, and all in the same order.
    locked = list(battles.order_by("id").select_for_update(of=("self",)).values_list("id", flat=True)[:BATCH])
    if not locked:
        return None
    # Looked at again under the locks: a prompt or another eraser may have been quicker.
    found = list(battles.filter(id__in=locked).values_list("id", flat=True))
    _label_voted(found)
    turns = Turn.objects.filter(battle__in=found)
    later = Turn.objects.filter(battle=OuterRef("battle"), number__gt=OuterRef("number"))
    turns.filter(~Exists(later), battle__state=BattleState.OPEN).update(
        state=TurnState.VOID, fault="erased", fault_side="", ended_at=Coalesce("ended_at", Now())
    )
    turns.filter(erased_at=None).update(prompt=[], reply_a=[], reply_b=[], ticks=[], erased_at=Now())
    Battle.objects.filter(id__in=found, state=BattleState.OPEN).update(state=BattleState.VOID)
    Report.objects.filter(battle__in=found).exclude(text="").update(text="")
    return len(found)


def _label_voted(battles: Sequence[UUID]) -> None:
    """Say what can be said of battles with a vote while there is text; most have their label already."""
    voted = Battle.objects.filter(id__in=battles, state=BattleState.VOTED, label=None)
    label_battles(list(voted.order_by("id").values_list("id", flat=True)))


async def _forget(battles: Mapping[UUID, str]) -> None:
    """Clear the shelves. Who looks on at a battle that became void by it is told so."""
    for battle, state in battles.items():
        void = state == BattleState.VOID
        await replay().forget(battle, Piece(AFTER_ALL, 0, "void" if void else "gone", "erased" if void else ""))
