"""Who takes part in a round, and what becomes of it: every change has a reason, an author and a time, for good.

Leaving takes effect with the next battle. Battles under way may be finished and voted; their votes, like all before
them, stay counted, as the rulebook's `old_votes` says: they are what the others are measured against.
"""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit import record
from accounts.models import User
from inference.entries import freeze_entries
from inference.models import Entry
from leaderboard.admission import why_not_carried
from leaderboard.consequences import let_back_in
from leaderboard.cut.run_offs import run_off_that_counts
from leaderboard.field import competing
from leaderboard.fold import add_player, fold
from leaderboard.models import (
    UNOPENED,
    Participation,
    ParticipationChange,
    ParticipationRole,
    ParticipationState,
    Round,
    RoundState,
)
from leaderboard.reasons import amiss
from leaderboard.rotation import rotate
from leaderboard.rulebook import in_force

TEAM_COMPETES = gettext_lazy("another entry of its team competes in this round")
# What organizers may make of a participation, by the round's state. Eliminating is the cut's alone; who has withdrawn
# does not come back into the round, and a disqualification can be taken back.
CHANGES = {
    ParticipationState.COMPETING: {
        ParticipationState.SUSPENDED,
        ParticipationState.WITHDRAWN,
        ParticipationState.DISQUALIFIED,
    },
    ParticipationState.SUSPENDED: {
        ParticipationState.COMPETING,
        ParticipationState.WITHDRAWN,
        ParticipationState.DISQUALIFIED,
    },
    ParticipationState.DISQUALIFIED: {ParticipationState.COMPETING},
}
CHANGEABLE = (RoundState.OPEN, RoundState.FROZEN, RoundState.CLOSED, RoundState.TALLIED, RoundState.RUN_OFF)
UNSAID = (ParticipationRole.CONTESTANT, ParticipationRole.REFERENCE)


class CannotChange(Exception):
    """The participation stays as it is; the words say why."""


def begin(contest: Round, references: Iterable[Entry]) -> None:
    """The round opens: those who compete in it, and its references, take part. In the caller's transaction."""
    parts = contest.participations.select_related("entry").order_by("id")
    freeze_entries(part.entry for part in parts)
    for part in parts.filter(changes=None):  # a wildcard's log began when it was admitted
        _log(part, "")
    for entry in references:
        _enter(contest, entry, ParticipationRole.REFERENCE)


@transaction.atomic
def change_participation(
    part: Participation, state: ParticipationState, *, reason: str, reason_ko: str = "", by: User | None = None
) -> Participation:
    """Suspend, withdraw or disqualify an entry, or take that back where it can be. Raises CannotChange.

    For a round and its run-off this is one act: what becomes of the entry in one of them becomes of it in the other.
    """
    contests = _held_with_run_off(part.round)
    part = Participation.objects.select_related("entry", "round").get(pk=part.pk)
    before = part.state
    refuse_unsaid((reason, reason_ko), by)
    refuse_change(part.round, part, state)
    for contest in contests:
        for one in contest.participations.filter(entry=part.entry_id, state=before).select_related("entry"):
            write_state(one, state, reasons=(reason.strip(), reason_ko.strip()), by=by)
            if contest.state not in UNOPENED:
                rotate(contest)
                fold(contest, anyway=True)
    part.refresh_from_db()
    return part


@transaction.atomic
def admit_wildcard(
    contest: Round, entry: Entry, *, reason: str, reason_ko: str = "", by: User | None = None
) -> Participation:
    """Let one more entry compete in an open round: without votes, and so provisional at first. Raises CannotChange.

    Or in one that is yet to open: then it begins with everybody else. What it did in earlier rounds stays there:
    nothing of it counts here.
    """
    contest = _held(contest)
    refuse_unsaid((reason, reason_ko), by)
    refuse_newcomer(contest, entry)
    return _join(contest, entry, (reason.strip(), reason_ko.strip()), by)


@transaction.atomic
def replace_entry(
    part: Participation, entry: Entry, *, reason: str, reason_ko: str = "", by: User | None = None
) -> Participation:
    """In an emergency: a team's entry is withdrawn and another one of the team takes its place, as a newcomer.

    Nobody's votes are handed on. The new one comes in as a wildcard does. Raises CannotChange.
    """
    contest, reasons = _held(part.round), (reason.strip(), reason_ko.strip())
    refuse_unsaid((reason, reason_ko), by)
    part = Participation.objects.select_related("entry").get(pk=part.pk)
    if entry.team_id != part.team_id:
        raise CannotChange(_("{slug} is of another team than {other}").format(slug=entry.slug, other=part.entry.slug))
    if part.role == ParticipationRole.REFERENCE:
        raise CannotChange(_("the rulebook names the references, and they are not replaced"))
    refuse_change(contest, part, ParticipationState.WITHDRAWN)
    write_state(part, ParticipationState.WITHDRAWN, reasons=reasons, by=by)
    refuse_newcomer(contest, entry)
    return _join(contest, entry, reasons, by)


def refuse_newcomer(contest: Round, entry: Entry) -> None:
    """Raise CannotChange where this entry may not come into the round, or not now."""
    if contest.leg:
        raise CannotChange(_("in a run-off are those who were tied, and nobody else comes in"))
    if contest.state not in (*UNOPENED, RoundState.OPEN):
        raise CannotChange(_("entries come into a round only while it is open"))
    if contest.state in UNOPENED and entry.slug in in_force(contest).references:
        raise CannotChange(_("{slug} cannot compete and be a reference").format(slug=entry.slug))
    if contest.participations.filter(entry=entry).exists():
        raise CannotChange(_("{slug} has taken part in this round already").format(slug=entry.slug))
    if competing(contest).filter(team_id=entry.team_id).exists():
        raise CannotChange(str(TEAM_COMPETES))
    if contest.state == RoundState.OPEN and (words := why_not_carried([entry], in_force(contest))):
        raise CannotChange(words)


def _held(contest: Round) -> Round:
    """The round as it is now. Two organizers at once, or one who closes: the second waits and sees what was done."""
    return Round.objects.select_for_update(of=("self",)).select_related("gate", "series").get(pk=contest.pk)


def _held_with_run_off(contest: Round) -> list[Round]:
    """Both, whichever of them this is; always the round first, so that no two wait for each other."""
    first = _held(contest.run_off_of or contest)
    run_off = run_off_that_counts(first)
    return [first, _held(run_off)] if run_off else [first]


def _enter(
    contest: Round,
    entry: Entry,
    role: ParticipationRole,
    *,
    reasons: tuple[str, str] = ("", ""),
    by: User | None = None,
) -> Participation:
    freeze_entries([entry])
    part = Participation.objects.create(round=contest, entry=entry, team_id=entry.team_id, role=role)
    _log(part, "", reasons, by)
    return part


def _join(contest: Round, entry: Entry, reasons: tuple[str, str], by: User | None) -> Participation:
    if contest.state in UNOPENED:
        return _enter_early(contest, entry, reasons, by)
    part = _enter(contest, entry, ParticipationRole.WILDCARD, reasons=reasons, by=by)
    let_back_in(contest)
    add_player(contest, entry)
    rotate(contest)
    fold(contest, anyway=True)
    return part


def _enter_early(contest: Round, entry: Entry, reasons: tuple[str, str], by: User | None) -> Participation:
    """Before the round opens there is no board to stand on, and the entry is not fixed yet."""
    part = Participation.objects.create(
        round=contest, entry=entry, team_id=entry.team_id, role=ParticipationRole.WILDCARD
    )
    _log(part, "", reasons, by)
    let_back_in(contest)
    return part


def changes_of(entry: Entry, series: str) -> QuerySet[ParticipationChange]:
    """What became of an entry in a series, for everybody to read; that it took part goes without saying."""
    changes = ParticipationChange.objects.filter(participation__entry=entry, participation__round__series__slug=series)
    return changes.exclude(before="", participation__role__in=UNSAID).select_related("participation")


def write_state(
    part: Participation, state: ParticipationState, *, reasons: tuple[str, str] = ("", ""), by: User | None = None
) -> ParticipationChange:
    """The one place that writes a state, and its line in the log. Raises CannotChange where a constraint refuses."""
    before, part.state = part.state, state
    try:
        with transaction.atomic():
            part.save(update_fields=["state"])
    except IntegrityError:
        part.state = before
        raise CannotChange(str(TEAM_COMPETES)) from None
    return _log(part, before, reasons, by)


def changeable(contest: Round) -> bool:
    """Whether something becomes of entries now. A run-off's field stands from when it is announced."""
    return contest.state in CHANGEABLE or bool(contest.leg and contest.state == RoundState.SCHEDULED)


def refuse_change(contest: Round, part: Participation, state: ParticipationState) -> None:
    """Raise CannotChange where this may not become of it, or not now."""
    if not changeable(contest):
        raise CannotChange(_("its result is published, or it has not opened; nothing becomes of its entries now"))
    if state not in CHANGES.get(ParticipationState(part.state), ()):
        raise CannotChange(
            _("{slug} is {state}, and cannot become {wanted} by an organizer's word").format(
                slug=part.entry.slug, state=part.state, wanted=state
            )
        )


def refuse_unsaid(reasons: tuple[str, str], by: User | None) -> None:
    """Raise CannotChange where nobody who may does it, or nobody says why."""
    if by is not None and not (by.is_staff and by.is_active):
        raise CannotChange(_("{name} is no organizer").format(name=by.username))
    if words := amiss(*reasons):
        raise CannotChange(words)


def _log(
    part: Participation, before: str, reasons: tuple[str, str] = ("", ""), by: User | None = None
) -> ParticipationChange:
    reason, reason_ko = reasons
    told = {
        "who": part.entry.slug,
        "before": before,
        "after": str(part.state),
        "reason": reason,
        "reason_ko": reason_ko,
    }
    if before:
        record(by, "entry.changed", part.round.subject, **told)
    elif reason:
        record(by, "entry.admitted", part.round.subject, **told)
    return ParticipationChange.objects.create(
        participation=part, before=before, after=part.state, reason=reason, reason_ko=reason_ko, by=by
    )
