"""The judges of a panel: none of a team that competes, and none marks where there is a conflict."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import Membership, Team, User
from leaderboard.components import Benchmark, Panel
from leaderboard.models import Conflict, Judge, ParticipationRole, ParticipationState, Round, RoundState
from leaderboard.reasons import amiss
from leaderboard.rulebook import in_force

MARKABLE = (RoundState.OPEN, RoundState.FROZEN, RoundState.CLOSED, RoundState.TALLIED)
NAME_LENGTH = 80


class CannotMark(Exception):
    """No mark is entered and no judge named; the words say why."""


def held(contest: Round) -> Round:
    """The round as it is now. Two organizers at once: the second waits and sees what was done."""
    return Round.objects.select_for_update(of=("self",)).select_related("gate", "series").get(pk=contest.pk)


def marked(contest: Round, name: str) -> Benchmark | Panel:
    """The component of this name that is made of marks. Raises CannotMark."""
    for one in in_force(contest).components:
        if one.name == name:
            if isinstance(one, Benchmark | Panel):
                return one
            raise CannotMark(
                _("the public's votes are the marks of {name}, and nobody enters others").format(name=name)
            )
    raise CannotMark(_("the rulebook has no component {name}").format(name=name[:50]))


@transaction.atomic
def add_judge(
    contest: Round, component: str, *, name: str, pseudonym: str = "", email: str = "", by: User | None = None
) -> Judge:
    """Name a judge of a panel. Without a pseudonym they get a number. Raises CannotMark."""
    contest = held(contest)
    rule = marked(contest, component)
    if not (isinstance(rule, Panel) and rule.marks == "judges"):
        raise CannotMark(_("by the rulebook {name} has no judges of its own").format(name=component))
    if contest.state not in MARKABLE:
        raise CannotMark(_("judges are named while the round is open, and until its result is published"))
    refuse_stranger(by)
    there = Judge.objects.filter(round=contest, component=component)
    name, pseudonym = name.strip(), pseudonym.strip() or f"{there.count() + 1:02}"
    for words in (name, pseudonym):
        if not words or len(words) > NAME_LENGTH or not words.isprintable():
            raise CannotMark(_("a judge's name is one line of at most {n} characters").format(n=NAME_LENGTH))
    email = checked_email(email)
    account = User.objects.filter(email__iexact=email).first() if email else None
    judge = Judge(
        round=contest, component=component, name=name, pseudonym=pseudonym, email=email, account=account, by=by
    )
    if team := Competitors.of(contest).team_of(judge):
        raise own_member(judge, team)
    try:
        with transaction.atomic():
            judge.save()
    except IntegrityError:
        raise CannotMark(_("a judge of this panel is called {name} already").format(name=name)) from None
    record(by, "judge.named", contest.subject, who=pseudonym, component=component)
    return judge


def checked_email(email: str) -> str:
    email = email.strip().lower()
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise CannotMark(_("the judge's address is no e-mail address")) from None
    return email


@transaction.atomic
def declare_conflict(judge: Judge, team: Team, *, reason: str, by: User | None = None) -> Conflict:
    """From here on the judge does not mark this team's model. Raises CannotMark."""
    contest = held(judge.round)
    refuse_stranger(by)
    if contest.state not in MARKABLE:
        raise CannotMark(_("judges are named while the round is open, and until its result is published"))
    if words := amiss(reason):
        raise CannotMark(words)
    marks = judge.marks.filter(part__team=team, replaced_by=None, value__isnull=False)
    if marks.exists():
        raise CannotMark(
            _("{judge} has marked the model of {team} already; take that mark back first").format(
                judge=judge.pseudonym, team=team.name
            )
        )
    try:
        with transaction.atomic():
            made = Conflict.objects.create(judge=judge, team=team, reason=reason.strip(), by=by)
    except IntegrityError:
        raise CannotMark(_("this conflict is declared already")) from None
    record(by, "judge.conflict", contest.subject, who=judge.pseudonym, component=judge.component, team=team.name)
    return made


@dataclass(frozen=True, slots=True)
class Competitors:
    """The teams that compete in a round, and who belongs to them."""

    by_user: dict[int, str]
    by_email: dict[str, str]

    @classmethod
    def of(cls, contest: Round) -> "Competitors":
        rows = members(contest).values_list("user_id", "user__email", "team__name")
        return cls(
            {user: team for user, _email, team in rows}, {email.lower(): team for _user, email, team in rows if email}
        )

    def team_of(self, judge: Judge) -> str | None:
        """The name of the team that the judge belongs to, as far as it can be told by account and address."""
        return self.by_user.get(judge.account_id or 0) or self.by_email.get(judge.email)


def members(contest: Round) -> QuerySet[Membership]:
    """Whoever belongs to a team with a model in the round; that of a reference does not compete."""
    parts = contest.participations.exclude(role=ParticipationRole.REFERENCE).exclude(
        state__in=(ParticipationState.WITHDRAWN, ParticipationState.DISQUALIFIED)
    )
    return Membership.objects.filter(team__in=parts.values("team"))


def own_member(judge: Judge, team: str) -> CannotMark:
    return CannotMark(
        _("{judge} belongs to {team}, which competes: nobody judges a contest of their own team").format(
            judge=judge.pseudonym, team=team
        )
    )


def refuse_stranger(by: User | None) -> None:
    """Raise CannotMark unless it is an organizer, or a command."""
    if by is not None and not (by.is_staff and by.is_active):
        raise CannotMark(_("{name} is no organizer").format(name=by.username))
