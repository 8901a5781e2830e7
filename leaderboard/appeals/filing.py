"""A team appeals against a result: who may, until when, and what an appeal says."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import Membership, Role, Team, User
from leaderboard.appeals.files import Sent, check_files
from leaderboard.evidence import Evidence, NoEvidence, read_evidence
from leaderboard.models import (
    Appeal,
    AppealFile,
    Ground,
    Participation,
    ParticipationRole,
    ParticipationState,
    Round,
    RoundState,
)
from leaderboard.reasons import as_text, text_amiss
from leaderboard.rulebook import in_force
from leaderboard.states import clock, held

APPEALABLE = (RoundState.PROVISIONAL, RoundState.APPEAL)
OUT = (ParticipationState.ELIMINATED, ParticipationState.DISQUALIFIED)
MOST = 20  # of one team in one round, withdrawn ones and all
MOMENT = "%Y-%m-%d %H:%M:%S"


class CannotAppeal(Exception):
    """No appeal was filed or withdrawn; the words say why."""


class Unfit(CannotAppeal):
    """What was written or sent makes no appeal."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a team says: what was wrong, what it asks for, and what it has to show."""

    ground: str
    text: str
    asks: str
    links: str = ""
    files: tuple[Sent, ...] = ()


def taking_part(contest: Round, team: Team) -> QuerySet[Participation]:
    """The team's entries in the round. A reference battles, but the result is not about it."""
    return contest.participations.filter(team=team).exclude(role=ParticipationRole.REFERENCE)


def refusal_of(contest: Round, team: Team, *, now: datetime) -> str | None:
    """Why this team cannot appeal against this round's result now, in words; None if it can."""
    return refusal_by_rules(contest, team) or refusal_by_time(contest, now)


def refusal_by_rules(contest: Round, team: Team) -> str | None:
    if contest.run_off_of_id:
        return _("a run-off has no appeals of its own: they are made against the result of its round")
    rules = in_force(contest)
    own = taking_part(contest, team)
    if not own.exists():
        return _("{team} has not taken part in this round").format(team=team.name)
    if not rules.appeal_days:
        return _("by its rulebook there are no appeals in this round")
    if rules.appellants == "out" and not own.filter(state__in=OUT).exists():
        return _("by its rulebook only those who are out can appeal")
    return None


def refusal_by_time(contest: Round, now: datetime) -> str | None:
    if contest.state not in APPEALABLE:
        return _("there is no result to appeal against, or it is final")
    if contest.appeals_end_at and now >= contest.appeals_end_at:
        return _("appeals could be made until {end} KST, and it is {now} now").format(
            end=localtime(contest.appeals_end_at).strftime(MOMENT), now=localtime(now).strftime(MOMENT)
        )
    return None


@transaction.atomic
def file_appeal(contest: Round, team: Team, said: Statement, *, by: User) -> Appeal:
    """File a team's appeal; of the same words sent twice, the second is the first. Raises CannotAppeal."""
    # The deadline passes for all in one order: who declares the result final waits here, or is waited for.
    contest = held(contest)
    refuse_stranger(team, by)
    if words := refusal_of(contest, team, now=clock()):
        raise CannotAppeal(words)
    said, evidence, files = checked(said)
    waiting = contest.appeals.filter(team=team, ground=said.ground, settled_at=None).first()
    if waiting and (waiting.text, waiting.asks) == (said.text, said.asks):
        return waiting
    if waiting:
        raise CannotAppeal(
            _("an appeal of your team on this ground waits already: number {n}").format(n=waiting.number)
        )
    if contest.appeals.filter(team=team).count() >= MOST:
        raise CannotAppeal(_("a team can make at most {n} appeals in a round").format(n=MOST))
    last = contest.appeals.aggregate(last=Max("number"))["last"] or 0
    made = Appeal.objects.create(
        round=contest,
        number=last + 1,
        team=team,
        filed_by=by,
        ground=said.ground,
        text=said.text,
        asks=said.asks,
        evidence=evidence,
    )
    AppealFile.objects.bulk_create(
        AppealFile(appeal=made, number=n, name=one.name, content=one.content, size=len(one.content), digest=one.digest)
        for n, one in enumerate(files, 1)
    )
    record(by, "appeal.filed", contest.subject, n=made.number, team=team.name, ground=said.ground)
    made.refresh_from_db()
    return made


def checked(said: Statement) -> tuple[Statement, list[Evidence], list[Sent]]:
    """What was said, in its one spelling. Raises Unfit."""
    if said.ground not in Ground.values:
        raise Unfit(_("an appeal has one of the grounds that the form names"))
    text, asks = as_text(said.text), as_text(said.asks)
    if not text or not asks:
        raise Unfit(_("an appeal says what was wrong, and what it asks for"))
    if words := text_amiss(text, asks):
        raise Unfit(words)
    try:
        return Statement(said.ground, text, asks), read_evidence(said.links), check_files(said.files)
    except NoEvidence as why:
        raise Unfit(str(why)) from None


@transaction.atomic
def withdraw_appeal(appeal: Appeal, *, by: User) -> Appeal:
    """The team no longer appeals. Raises CannotAppeal."""
    contest = held(appeal.round)
    refuse_stranger(appeal.team, by)
    appeal = contest.appeals.select_related("team").get(pk=appeal.pk)
    # Whoever rules on it at the same moment comes before or after.
    if not appeal.waits:
        raise CannotAppeal(_("it has been ruled on or withdrawn already"))
    appeal.settled_at, appeal.withdrawn_by = clock(), by
    appeal.save(update_fields=["settled_at", "withdrawn_by"])
    record(by, "appeal.withdrawn", contest.subject, n=appeal.number, team=appeal.team.name)
    return appeal


def may_file(team: Team, user: User) -> bool:
    """An appeal binds the team in public, as who is in it does: owners speak for it."""
    return Membership.objects.filter(team=team, user=user, role=Role.OWNER).exists()


def refuse_stranger(team: Team, by: User) -> None:
    if not may_file(team, by):
        raise CannotAppeal(_("only an owner of the team speaks for it"))


def appeals_of_team(team: Team) -> QuerySet[Appeal]:
    return team.appeals.select_related("round__series", "filed_by", "withdrawn_by").order_by(
        "-round__number", "-number"
    )
