"""A visitor's report of an answer: kept once a side, read by organizers."""

from uuid import UUID

from django.db import transaction

from arena.battles import battle_of
from arena.content import UNREADABLE
from arena.models import Report, Side
from arena.personal import mask_personal
from arena.refusals import BadRequest, NothingToReport

TEXT_LIMIT = 500


@transaction.atomic
def report_side(*, battle_id: UUID, voter_id: UUID, side: object, text: object) -> None:
    """Keep the report; the latest words stand. Raises NotYourBattle, BadRequest, NothingToReport."""
    battle = battle_of(battle_id, voter_id, lock=True)
    if side not in Side.values or not isinstance(text, str):
        raise BadRequest
    # The words of a report are erased with its battle's text: without any they would stay for ever.
    if not battle.turns.filter(erased_at=None).exists():
        raise NothingToReport
    Report.objects.update_or_create(
        battle=battle, side=side, defaults={"text": mask_personal(UNREADABLE.sub("", text))[:TEXT_LIMIT]}
    )
