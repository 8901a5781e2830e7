"""What a ruling does to the result. In the transaction that confirms it, which holds the round."""

from django.utils.translation import gettext as _

from accounts.models import User
from leaderboard.appeals.refusals import CannotRule
from leaderboard.cut.decisions import Said, Undecided, record_decision, record_run_off
from leaderboard.cut.run_offs import run_off_that_counts
from leaderboard.eligibility import in_run_off, keep_gate
from leaderboard.fold import fold
from leaderboard.models import Axis, Cause, EligibilityVerdict, Outcome, ParticipationState, Round, Ruling, RulingEffect
from leaderboard.participations import CannotChange, write_state
from leaderboard.verdicts import CannotJudge, Finding, verdict_on, write_verdict

REINSTATED = "Reinstated by the ruling on appeal {n} of {team}."
REINSTATED_KO = "{team}의 {n}번 이의 신청에 대한 결정으로 복귀했습니다."
JUDGED = "Judged anew by the ruling on appeal {n} of {team}."
JUDGED_KO = "{team}의 {n}번 이의 신청에 대한 결정으로 다시 심사했습니다."
ANEW = "Decided anew by the ruling on appeal {n} of {team}."
ANEW_KO = "{team}의 {n}번 이의 신청에 대한 결정으로 다시 정했습니다."


def carry_out(contest: Round, ruling: Ruling, *, by: User) -> None:
    """Do what the ruling says. Nothing is overwritten: a log line or a new edition says what is new. Raises CannotRule.

    A re-run is carried out by the organizers' next step: see `waiting.re_runs_owed`.
    """
    if ruling.effect == RulingEffect.REINSTATE:
        reinstate(ruling, by=by)
    if ruling.effect in (RulingEffect.REINSTATE, RulingEffect.RECOMPUTE, RulingEffect.VERDICT):
        gate_anew(contest)
        fold(contest, anyway=True)  # the line is drawn among those who are there now
        run_off = run_off_that_counts(contest)
        if run_off:
            fold(run_off, anyway=True)
            record_run_off(run_off, Cause.RULING)
        decide_anew(contest, ruling, by=by)
        for one in (contest, run_off):
            if one:
                fold(one, anyway=True)


def reinstate(ruling: Ruling, *, by: User) -> None:
    """Whom the ruling names competes again, and its log says by which ruling."""
    part = ruling.part
    assert part is not None  # a constraint wants one
    if part.state != ruling.was:
        raise CannotRule(_("{slug} is {state} by now").format(slug=part.entry.slug, state=part.state))
    try:
        for one in (part, *in_run_off(part)):
            write_state(one, ParticipationState.COMPETING, reasons=told(ruling, REINSTATED, REINSTATED_KO), by=by)
    except CannotChange as why:
        raise CannotRule(str(why)) from None


def judge_anew(ruling: Ruling, *, by: User) -> EligibilityVerdict:
    """Give the verdict of the ruling, in its words and signed by its two. Raises CannotRule."""
    part = ruling.part
    assert part is not None  # a constraint wants one
    axis = Axis(ruling.axis)
    reason, reason_ko = told(ruling, JUDGED, JUDGED_KO)
    why_anew = (reason, reason_ko) if verdict_on(part, axis) else ("", "")
    said = Finding(
        Outcome(ruling.finding), reason, reason_ko, ruling.reasons, ruling.reasons_ko, why_anew[0], why_anew[1]
    )
    try:
        return write_verdict(part, axis, said, by=ruling.proposed_by, confirmed_by=by)
    except CannotJudge as why:
        raise CannotRule(str(why)) from None


def gate_anew(contest: Round) -> None:
    """By the verdicts as they are now, the one that the ruling has given among them."""
    try:
        keep_gate(contest)
    except CannotJudge as why:
        raise CannotRule(str(why)) from None


def told(ruling: Ruling, *words: str) -> tuple[str, str]:
    """The public reason in both languages."""
    about = {"n": ruling.appeal.number, "team": ruling.appeal.team.name}
    english, korean = (one.format(**about) for one in words)
    return english, korean


def decide_anew(contest: Round, ruling: Ruling, *, by: User) -> None:
    """The next edition of the decision, over the same votes and by all rulings so far. Raises CannotRule."""
    try:
        record_decision(contest, Cause.RULING, ruling=ruling, said=Said(told(ruling, ANEW, ANEW_KO), by))
    except (Undecided, CannotChange) as why:
        raise CannotRule(str(why)) from None
