"""Allegations against entries, in public: raised, answered by the entry's team, settled, and hidden for some days."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import Team, User
from inference.models import Entry
from leaderboard.evidence import Evidence
from leaderboard.models import (
    HIDDEN_DAYS,
    UNOPENED,
    Allegation,
    AllegationChange,
    AllegationState,
    Axis,
    Hiding,
    ParticipationRole,
    Rebuttal,
    Round,
    Source,
)
from leaderboard.reasons import amiss, as_text, text_amiss

S = AllegationState
# What may become of an allegation. Who withdraws one may raise it again.
CHANGES: dict[str, tuple[AllegationState, ...]] = {
    S.OPEN: (S.UPHELD, S.DISMISSED, S.WITHDRAWN),
    S.UPHELD: (S.OPEN,),
    S.DISMISSED: (S.OPEN,),
    S.WITHDRAWN: (),
}
REBUTTALS = 5  # to one allegation


class CannotAllege(Exception):
    """Nothing is alleged, answered, settled or hidden; the words say why."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said, and what shows it."""

    text: str
    text_ko: str = ""
    evidence: list[Evidence] = field(default_factory=list)


@transaction.atomic
def raise_allegation(
    entry: Entry, axis: Axis, said: Words, *, source: Source, by: User, team: Team | None = None
) -> Allegation:
    """Say in public that an entry may not compete. team: whose word it is, if a team's. Raises CannotAllege."""
    if source == Source.TEAM:
        refuse_outsider(team, by)
        if team and team.pk == entry.team_id:
            raise CannotAllege(_("a team alleges nothing against its own model"))
    else:
        refuse_stranger(by)
    contest = round_of(entry)
    if contest is None:
        raise CannotAllege(_("{entry} competes in no round that has opened").format(entry=entry.slug))
    told = checked(said)
    record(by, "allegation.raised", f"entry {entry.slug}", axis=str(axis), source=str(source))
    return Allegation.objects.create(entry=entry, round=contest, axis=axis, source=source, team=team, by=by, **told)


def round_of(entry: Entry) -> Round | None:
    """The last round that has opened in which the entry competes, or has."""
    parts = entry.participations.exclude(role=ParticipationRole.REFERENCE).exclude(round__state__in=UNOPENED)
    parts = parts.filter(round__leg=0)
    last = parts.select_related("round").order_by("-round__number").first()
    return last.round if last else None


def state_of(allegation: Allegation) -> AllegationState:
    changes = list(allegation.changes.all())  # as fetched beforehand, where it was
    return S(changes[-1].after) if changes else S.OPEN


@transaction.atomic
def settle(
    allegation: Allegation, to: AllegationState, *, by: User, reason: str, reason_ko: str = ""
) -> AllegationChange:
    """Uphold or dismiss an allegation, withdraw it, or open it again. Raises CannotAllege."""
    refuse_settling(allegation, to, by)
    if words := amiss(reason, reason_ko):
        raise CannotAllege(words)
    allegation = held(allegation)
    before = state_of(allegation)
    if to not in CHANGES[before]:
        raise CannotAllege(_("it is {before}, and cannot become {after}").format(before=before, after=to))
    reasons = {"reason": reason.strip(), "reason_ko": reason_ko.strip()}
    record(by, "allegation.settled", f"entry {allegation.entry.slug}", before=str(before), after=str(to), **reasons)
    number = allegation.changes.count() + 1
    return AllegationChange.objects.create(
        allegation=allegation, number=number, before=before, after=to, by=by, **reasons
    )


def refuse_settling(allegation: Allegation, to: AllegationState, by: User) -> None:
    """Who raised it may withdraw it; everything else is the organizers'. Raises CannotAllege."""
    if to == S.WITHDRAWN and allegation.team:
        refuse_outsider(allegation.team, by)
    else:
        refuse_stranger(by)


@transaction.atomic
def rebut(allegation: Allegation, said: Words, *, by: User) -> Rebuttal:
    """Answer an allegation, for the team whose entry it is about. Raises CannotAllege."""
    team = allegation.entry.team
    refuse_outsider(team, by)
    allegation = held(allegation)
    state = state_of(allegation)
    if state != S.OPEN:
        raise CannotAllege(_("it is {state}, and no longer open to an answer").format(state=state))
    if allegation.rebuttals.count() >= REBUTTALS:
        raise CannotAllege(_("your team has answered it {n} times, which is as often as one can").format(n=REBUTTALS))
    told = checked(said)
    record(by, "allegation.rebutted", f"entry {allegation.entry.slug}", team=team.slug)
    return Rebuttal.objects.create(allegation=allegation, team=team, by=by, **told)


@transaction.atomic
def hide(allegation: Allegation, *, days: int, by: User, reason: str, reason_ko: str = "") -> Hiding:
    """After a rights notice: show nobody what it says, for so many days at most. Raises CannotAllege."""
    refuse_stranger(by)
    if not 1 <= days <= HIDDEN_DAYS:
        raise CannotAllege(_("it can be hidden for 1 to {n} days").format(n=HIDDEN_DAYS))
    return _hiding(allegation, days, by, (reason, reason_ko), _("it has been hidden once, and is not hidden again"))


@transaction.atomic
def show(allegation: Allegation, *, by: User, reason: str, reason_ko: str = "") -> Hiding:
    """Before its time is over, show again what was hidden. Raises CannotAllege."""
    refuse_stranger(by)
    if hidden_until(held(allegation)) is None:
        raise CannotAllege(_("it is not hidden"))
    return _hiding(allegation, 0, by, (reason, reason_ko), _("it is not hidden"))


def _hiding(allegation: Allegation, days: int, by: User, reasons: tuple[str, str], twice: str) -> Hiding:
    if words := amiss(*reasons):
        raise CannotAllege(words)
    reason, reason_ko = (words.strip() for words in reasons)
    try:
        with transaction.atomic():
            made = Hiding.objects.create(allegation=allegation, days=days, reason=reason, reason_ko=reason_ko, by=by)
    except IntegrityError:
        raise CannotAllege(twice) from None
    action = "allegation.hidden" if days else "allegation.shown"
    record(by, action, f"entry {allegation.entry.slug}", days=days, reason=reason, reason_ko=reason_ko)
    return made


def hidden_until(allegation: Allegation) -> datetime | None:
    """Until when nobody is shown what it says; None if it can be read."""
    hidings = list(allegation.hidings.all())
    if len(hidings) != 1:  # never hidden, or shown again
        return None
    until = hidings[0].at + timedelta(days=hidings[0].days)
    return until if until > timezone.now() else None


def allegations_against(entries: Iterable[Entry]) -> QuerySet[Allegation]:
    """All that is alleged against these, newest first, with what became of it."""
    found = Allegation.objects.filter(entry__in=entries).select_related("entry__team", "team", "round")
    return found.prefetch_related("changes", "rebuttals", "hidings").order_by("-id")


def held(allegation: Allegation) -> Allegation:
    """The allegation, with nobody else settling or answering it until the transaction ends."""
    found = Allegation.objects.select_for_update(of=("self",)).select_related("entry__team", "team")
    return found.get(pk=allegation.pk)


def checked(said: Words) -> dict[str, object]:
    """What is said, as it is stored. Raises CannotAllege."""
    text, text_ko = as_text(said.text), as_text(said.text_ko)
    if not text:
        raise CannotAllege(_("it says nothing"))
    if words := text_amiss(text, text_ko):
        raise CannotAllege(words)
    return {"text": text, "text_ko": text_ko, "evidence": said.evidence}


def refuse_stranger(person: User) -> None:
    if not (person.is_staff and person.is_active):
        raise CannotAllege(_("{name} is no organizer").format(name=person.username))


def refuse_outsider(team: Team | None, person: User) -> None:
    if team is None or not (person.is_active and team.memberships.filter(user=person).exists()):
        raise CannotAllege(_("{name} is not in this team").format(name=person.username))
