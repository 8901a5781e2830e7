"""A visitor's report of an answer: kept once a side, read by organizers."""

from uuid import UUID

from arena.battles import battle_of
from arena.content import UNREADABLE
from arena.models import Report, Side
from arena.personal import mask_personal
from arena.refusals import BadRequest

TEXT_LIMIT = 500


def report_side(*, battle_id: UUID, voter_id: UUID, side: object, text: object) -> None:
    """Keep the report; the latest words stand. Raises NotYourBattle, BadRequest."""
    battle = battle_of(battle_id, voter_id)
    if side not in Side.values or not isinstance(text, str):
        raise BadRequest
    Report.objects.update_or_create(
        battle=battle, side=side, defaults={"text": mask_personal(UNREADABLE.sub("", text))[:TEXT_LIMIT]}
    )
