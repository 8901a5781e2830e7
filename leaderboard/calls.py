"""Wildcard calls: after a final round teams that are not in may apply for a place in the next one.

What the panel makes of the applications, and what follows, is in leaderboard/panels.py.
"""

from datetime import datetime
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import Membership, Team, User
from inference.models import Entry
from leaderboard.field import competing
from leaderboard.models import UNOPENED, Application, Call, CallOutcome, Panelist, Round, RoundState, Withdrawal
from leaderboard.reasons import as_text, text_amiss
from leaderboard.states import clock, held

JOINABLE = (*UNOPENED, RoundState.OPEN)  # into a frozen round nobody comes any more


class CannotCall(Exception):
    """Nothing was done; the words say why."""


class Stage(StrEnum):
    """Where a call stands, by the database's clock and by what was written down."""

    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"  # its panel has no members yet
    VOTING = "voting"
    OVER = "over"  # of the time for votes
    DECIDED = "decided"


@transaction.atomic
def make_call(
    after: Round,
    *,
    by: User,
    dates: tuple[datetime, datetime, datetime],
    text: str,
    text_ko: str = "",
    places: int = 1,
) -> Call:
    """Call for one more model, or some. dates: from when to when teams apply, and until when the panel votes.

    Raises CannotCall.
    """
    refuse_stranger(by)
    after = held(after)
    text, text_ko = as_text(text), as_text(text_ko)
    refuse_unfit(after, dates, places)
    if words := text_amiss(text, text_ko):
        raise CannotCall(words)
    if not text:
        raise CannotCall(_("it does not say whom it calls, and for what"))
    last = Call.objects.order_by("-number").first()
    made = Call.objects.create(
        number=last.number + 1 if last else 1,
        after=after,
        places=places,
        text=text,
        text_ko=text_ko,
        opens_at=dates[0],
        closes_at=dates[1],
        decides_at=dates[2],
        by=by,
    )
    record(by, "call.made", made.subject, round=after.key, places=places)
    return made


def refuse_stranger(person: User) -> None:
    if not (person.is_staff and person.is_active):
        raise CannotCall(_("{name} is no organizer").format(name=person.username))


def refuse_unfit(after: Round, dates: tuple[datetime, datetime, datetime], places: int) -> None:
    """Raise CannotCall where there can be no such call after this round."""
    opens_at, closes_at, decides_at = dates
    if after.state != RoundState.FINAL or after.leg:
        raise CannotCall(_("a call follows a round whose result is final"))
    if not 1 <= places <= 100:
        raise CannotCall(_("a call has a place to give, and at most {n}").format(n=100))
    if not opens_at < closes_at < decides_at:
        raise CannotCall(_("it opens first, then it closes, and then the panel's time ends"))
    if closes_at <= clock():
        raise CannotCall(_("its time to apply has passed already"))
    if any(outcome_of(one) is None for one in after.calls.all()):
        raise CannotCall(_("another call after this round is not decided yet"))


@transaction.atomic
def apply(call: Call, *, team: Team, entry_slug: str, statement: str, by: User) -> Application:
    """A member of a team applies with one of its models. Raises CannotCall."""
    statement = as_text(statement)
    if not Membership.objects.filter(team=team, user=by, user__is_active=True).exists():
        raise CannotCall(_("only members of a team apply for it"))
    if stage(call) != Stage.OPEN:
        raise CannotCall(_("applications are taken while the call is open, and it is not"))
    entry = applicants(call, team).filter(slug=entry_slug).first()
    if entry is None:
        raise CannotCall(_("your team has no such model that could come in"))
    if words := text_amiss(statement):
        raise CannotCall(words)
    if not statement:
        raise CannotCall(_("say why the panel should let it in"))
    try:
        with transaction.atomic():
            made = Application.objects.create(call=call, team=team, entry=entry, statement=statement, by=by)
    except IntegrityError:
        # The key refuses a second one, the trigger one that comes too late; which of them, we look up.
        again = call.applications.filter(team=team).exists()
        words = _("your team has applied already") if again else _("applications are taken while the call is open")
        raise CannotCall(words) from None
    record(by, "call.applied", call.subject, team=team.name, who=entry.name)
    return made


@transaction.atomic
def withdraw_application(call: Call, *, team: Team, by: User) -> Withdrawal:
    """A member of the team takes its application back, for good. Raises CannotCall."""
    call = held_call(call)
    if not Membership.objects.filter(team=team, user=by, user__is_active=True).exists():
        raise CannotCall(_("only members of a team apply for it"))
    found = standing(call).filter(team=team).select_related("entry").first()
    if found is None:
        raise CannotCall(_("your team has no application here"))
    if stage(call) == Stage.DECIDED:
        raise CannotCall(_("the call is decided already"))
    record(by, "call.application_withdrawn", call.subject, team=team.name, who=found.entry.name)
    return Withdrawal.objects.create(application=found, by=by)


def held_call(call: Call) -> Call:
    """Nobody else decides about the call until the transaction ends."""
    return Call.objects.select_for_update(of=("self",)).select_related("after").get(pk=call.pk)


def standing(call: Call) -> QuerySet[Application]:
    """The applications that were not withdrawn."""
    return call.applications.filter(withdrawal=None)


def sitting(call: Call) -> QuerySet[Panelist]:
    """The panel as it is now."""
    return call.panel.filter(replaced_by=None)


def applicants(call: Call, team: Team) -> QuerySet[Entry]:
    """The models with which a team could come in: any of its own, unless one of them is in anyway."""
    if is_in(call.after, team):
        return Entry.objects.none()
    return Entry.objects.filter(team=team).order_by("name")


def is_in(after: Round, team: Team) -> bool:
    """Whether the team goes on without a call: it was not put out, or is in the next round."""
    if competing(after).filter(team=team).exists():
        return True
    following = next_round(after)
    return following is not None and competing(following).filter(team=team).exists()


def next_round(after: Round) -> Round | None:
    """The round that follows, if it is there: the one that newcomers come into."""
    later = Round.objects.filter(number__gt=after.number, leg=0).exclude(state=RoundState.ANNULLED)
    return later.select_related("gate", "series").order_by("number").first()


def stage(call: Call) -> Stage:
    now = clock()
    if outcome_of(call):
        return Stage.DECIDED
    if now < call.opens_at:
        return Stage.ANNOUNCED
    if now < call.closes_at:
        return Stage.OPEN
    if now >= call.decides_at:
        return Stage.OVER
    return Stage.VOTING if sitting(call).exists() else Stage.CLOSED


def outcome_of(call: Call) -> CallOutcome | None:
    """What came of it, once two organizers have said so."""
    return call.outcomes.filter(confirmed_by__isnull=False).select_related("into", "asked_by", "confirmed_by").first()


def waiting_outcome(call: Call) -> CallOutcome | None:
    """What one organizer has asked for and nobody has confirmed yet."""
    return call.outcomes.filter(settled_at=None).select_related("into", "asked_by").first()
