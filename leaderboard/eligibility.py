"""The gate beside the score: who fails it is out in addition to the cut, which is made among the others."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from leaderboard.appeals.waiting import reinstated
from leaderboard.cut.run_offs import run_off_that_counts
from leaderboard.models import (
    Axis,
    EligibilityVerdict,
    Exclusion,
    Outcome,
    Participation,
    ParticipationRole,
    ParticipationState,
    Round,
)
from leaderboard.participations import write_state
from leaderboard.rulebook import in_force
from leaderboard.verdicts import CannotJudge, verdicts_of

S = ParticipationState


def ineligible(contest: Round) -> Mapping[str, EligibilityVerdict]:
    """Who fails the gate, by slug, with the verdict that says so; where there are several, the first of them.

    The same before the result is published and afterwards, whatever has become of the participations by it.
    """
    facing = {part.pk: part for part in facing_gate(contest)}
    failed: dict[str, EligibilityVerdict] = {}
    for (part, _axis), verdict in sorted(verdicts_of(contest).items(), key=lambda one: one[1].pk):
        if verdict.outcome == Outcome.FAILED and part in facing:
            failed.setdefault(facing[part].entry.slug, verdict)
    return failed


def facing_gate(contest: Round) -> list[Participation]:
    """Those whom the gate is about: who competes, whom the cut took, and whom the gate itself took out.

    Who has left the round otherwise, or was disqualified by an organizer's word, needs no gate; nor does who stays by
    the ruling on an appeal.
    """
    stays = reinstated(contest)
    parts = contest.participations.exclude(role=ParticipationRole.REFERENCE).select_related("entry")
    found = parts.prefetch_related("changes__exclusion").order_by("entry__slug")
    return [
        part
        for part in found
        if part.entry.slug not in stays and (part.state in (S.COMPETING, S.ELIMINATED) or excluded_by(part))
    ]


def excluded_by(part: Participation) -> Exclusion | None:
    """That the gate took it out, if it is out by the gate now."""
    changes = list(part.changes.all())
    if part.state != S.DISQUALIFIED or not changes:
        return None
    return getattr(changes[-1], "exclusion", None)


def unverified(contest: Round) -> dict[str, list[Axis]]:
    """Who has no verdict yet on an axis that the rulebook wants looked at, by slug, with these axes.

    A run-off is among those whom its round has looked at.
    """
    if contest.leg:
        return {}
    wanted, found = in_force(contest).eligibility, verdicts_of(contest)
    missing = {
        part.entry.slug: [axis for axis in wanted if (part.pk, axis) not in found] for part in facing_gate(contest)
    }
    return {slug: axes for slug, axes in missing.items() if axes}


def keep_gate(contest: Round) -> bool:
    """Take out who fails, and let in again whom no verdict keeps out any more; whether anything changed.

    Who plays in the round's run-off is taken out and let in there, too. In the caller's transaction, which holds the
    round and makes the cut among those who are left. Raises CannotJudge.
    """
    refuse_unverified(contest)
    failing, facing = ineligible(contest), facing_gate(contest)
    refuse_too_few(contest, facing, failing)
    changed = False
    for part in facing:
        verdict, out = failing.get(part.entry.slug), excluded_by(part)
        if verdict and out is None:
            for one in (part, *in_run_off(part)):
                change = write_state(one, S.DISQUALIFIED, reasons=(verdict.reason, verdict.reason_ko))
                Exclusion.objects.create(change=change, verdict=verdict)
        elif out and verdict is None:
            for one in (part, *in_run_off(part)):
                write_state(one, S.COMPETING)
        else:
            continue
        changed = True
    return changed


def in_run_off(part: Participation) -> list[Participation]:
    """The same entry in the run-off of its round, if it plays there and stands as it does in the round."""
    run_off = run_off_that_counts(part.round)
    if run_off is None:
        return []
    found = run_off.participations.filter(entry=part.entry_id, state=part.state)
    return list(found.select_related("entry", "round"))


def refuse_unverified(contest: Round) -> None:
    """Raise CannotJudge where somebody has not been looked at as the rulebook wants it."""
    if missing := unverified(contest):
        told = "; ".join(f"{slug}: {', '.join(axes)}" for slug, axes in sorted(missing.items()))
        raise CannotJudge(_("the rulebook wants verdicts that are not there yet ({missing})").format(missing=told))


def refuse_too_few(contest: Round, facing: Collection[Participation], failing: Collection[str]) -> None:
    """Raise CannotJudge where the gate leaves no more than the cut takes: then nobody would be left."""
    cut = in_force(contest).cut_size
    left = len(facing) - len(failing)
    if failing and left <= cut:
        raise CannotJudge(
            _("{out} do not pass the gate, and of the {left} who do, a cut of {cut} would leave nobody").format(
                out=", ".join(sorted(failing)), left=left, cut=cut
            )
        )


def take_back_gate(contest: Round) -> None:
    """The result is taken back: whom the gate took out competes again. The verdicts stand."""
    for part in facing_gate(contest):
        if excluded_by(part):
            write_state(part, S.COMPETING)
