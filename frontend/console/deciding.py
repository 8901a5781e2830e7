"""How the console decides: what was shown is what is decided on, or nothing is; a refusal comes back with its words."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from inference.addresses import BadAddress
from inference.entries import Swapped, Unfit
from leaderboard.allegations import CannotAllege
from leaderboard.amending import CannotAmend, NotKept
from leaderboard.appeals.refusals import CannotRule
from leaderboard.calls import CannotCall
from leaderboard.cut.drawing import CannotDraw
from leaderboard.cut.inviting import CannotInvite
from leaderboard.drafts import CannotOpen
from leaderboard.entering import CannotMove
from leaderboard.evidence import NoEvidence
from leaderboard.hosting import CannotHost
from leaderboard.incidents import CannotReport
from leaderboard.models import Round
from leaderboard.participations import CannotChange
from leaderboard.rulebook import BadRulebook
from leaderboard.scoring.panels import CannotMark
from leaderboard.seen import ChangedMeanwhile, refuse_changed
from leaderboard.states import held
from leaderboard.verdicts import CannotJudge

REFUSED = (
    BadAddress,
    CannotHost,
    CannotCall,
    CannotDraw,
    CannotMove,
    CannotOpen,
    CannotAmend,
    CannotChange,
    CannotInvite,
    CannotAllege,
    CannotJudge,
    CannotMark,
    CannotReport,
    CannotRule,
    NoEvidence,
    NotKept,
    BadRulebook,
    Swapped,
    Unfit,
)


def decided(request: HttpRequest, contest: Round, act: Callable[[Round], object]) -> str:
    """Do it to the round as it was shown, and nothing in between; "", or why it was not done."""

    def on_what_was_shown() -> None:
        kept = held(contest)
        refuse_changed(kept, request.POST.get("seen", ""))
        act(kept)

    return done(on_what_was_shown)


def done(act: Callable[[], object]) -> str:
    """Do it in one transaction; "", or why it was not done."""
    try:
        with transaction.atomic():
            act()
    except ChangedMeanwhile:
        return _(
            "This was changed meanwhile, by somebody else or by the schedule. Nothing was done; what you wrote is "
            "still here. Look at how things stand now, and send it again if it is still right."
        )
    except REFUSED as why:
        return _("Nothing was done: {why}.").format(why=why)
    return ""


def reasons(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in ("reason", "reason_ko")}


def moment(text: str) -> datetime | None:
    """The moment in Seoul that a form's field means; None if it means none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else timezone.make_aware(found)


def as_typed(at: datetime) -> str:
    """A moment as the field wants it."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")
