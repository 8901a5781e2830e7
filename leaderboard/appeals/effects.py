"""What a ruling does to the result. In the transaction that confirms it, which holds the round."""

from django.utils.translation import gettext as _

from accounts.models import User
from leaderboard.appeals.refusals import CannotRule
from leaderboard.appeals.waiting import reinstated
from leaderboard.editions import newest
from leaderboard.eligibility import keep_gate
from leaderboard.fold import fold
from leaderboard.judging import contenders, line_of
from leaderboard.models import Participation, ParticipationState, Round, Ruling, RulingEffect
from leaderboard.participations import CannotChange, write_state
from leaderboard.rulebook import in_force
from leaderboard.verdicts import CannotJudge

REINSTATED = "Reinstated by the ruling on appeal {n} of {team}."
REINSTATED_KO = "{team}의 {n}번 이의신청에 대한 결정으로 복귀했습니다."
ANEW = "Decided anew by the ruling on appeal {n} of {team}."
ANEW_KO = "{team}의 {n}번 이의신청에 대한 결정으로 다시 정했습니다."


def carry_out(contest: Round, ruling: Ruling, *, by: User) -> None:
    """Do what the ruling says. Nothing is overwritten: a log line or a new edition says what is new. Raises CannotRule.

    A re-run is carried out by the organizers' next step: see `waiting.re_runs_owed`.
    """
    if ruling.effect == RulingEffect.REINSTATE:
        reinstate(ruling, by=by)
    if ruling.effect in (RulingEffect.REINSTATE, RulingEffect.RECOMPUTE):
        gate_anew(contest)
        fold(contest, anyway=True)  # the line is drawn among those who are there now
        decide_anew(contest, ruling, by=by)
        fold(contest, anyway=True)


def reinstate(ruling: Ruling, *, by: User) -> None:
    """Whom the ruling names competes again, and its log says by which ruling."""
    part = ruling.part
    assert part is not None  # a constraint wants one
    if part.state != ruling.was:
        raise CannotRule(_("{slug} is {state} by now").format(slug=part.entry.slug, state=part.state))
    write(part, ParticipationState.COMPETING, told(ruling, REINSTATED, REINSTATED_KO), by)


def gate_anew(contest: Round) -> None:
    """By the verdicts as they are now: one may have been corrected since the result was published."""
    try:
        keep_gate(contest)
    except CannotJudge as why:
        raise CannotRule(str(why)) from None


def told(ruling: Ruling, *words: str) -> tuple[str, str]:
    """The public reason in both languages."""
    about = {"n": ruling.appeal.number, "team": ruling.appeal.team.name}
    english, korean = (one.format(**about) for one in words)
    return english, korean


def write(part: Participation, state: ParticipationState, reasons: tuple[str, str], by: User) -> None:
    try:
        write_state(part, state, reasons=reasons, by=by)
    except CannotChange as why:
        raise CannotRule(str(why)) from None


def decide_anew(contest: Round, ruling: Ruling, *, by: User) -> None:
    """The cut again, by the newest board and all rulings so far; who is out no more competes. Raises CannotRule."""
    stays = reinstated(contest)
    board = newest(contest.series)
    among = [one for one in board.standings.all() if one.slug not in stays or stays[one.slug].kept] if board else []
    line = line_of(among, in_force(contest).cut_size)
    if line is None:
        raise CannotRule(_("the votes do not tell who would be out"))
    out = {one.slug for one in contenders(among)[line.survivors :]} - stays.keys()
    for part in contest.participations.select_related("entry"):
        if part.state == ParticipationState.COMPETING and part.entry.slug in out:
            write(part, ParticipationState.ELIMINATED, told(ruling, ANEW, ANEW_KO), by)
        elif part.state == ParticipationState.ELIMINATED and part.entry.slug not in out:
            write(part, ParticipationState.COMPETING, told(ruling, ANEW, ANEW_KO), by)
