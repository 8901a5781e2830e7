"""A tie at the line is broken by a run-off: a round of its own among the tied, by rules that follow from their round's.

It goes by the clock until its votes are counted, and then waits: its round takes it along when it is published, made
final or annulled.
"""

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from inference.models import Entry
from leaderboard.drafts import store_round
from leaderboard.field import competing
from leaderboard.models import UNOPENED, Actor, Round, RoundState
from leaderboard.rulebook import Rulebook, changed, in_force
from leaderboard.transitions import Said, log_step
from rating import decision as pure

ALONG, ALONG_KO = "Along with the round whose tie it breaks.", "원래 라운드와 함께 바뀌었습니다."


def run_off_that_counts(contest: Round) -> Round | None:
    """The round's run-off, if one was called and not annulled."""
    found = contest.run_offs.exclude(state=RoundState.ANNULLED).select_related("gate", "series")
    return found.first()


def call_run_off(contest: Round, decision: pure.Decision, now: datetime) -> Round:
    """Announce the run-off that a decision asks for. In the caller's transaction, who holds the round.

    It is among those whom the decision leaves tied, and takes as many of them as there are no places for.
    """
    agreed = in_force(contest).run_off
    opens_at = now + timedelta(hours=agreed.notice_hours)
    earlier = contest.run_offs.aggregate(last=Max("leg"))["last"] or 0
    made = Round(
        number=contest.number,
        leg=earlier + 1,
        run_off_of=contest,
        opens_at=opens_at,
        ends_at=opens_at + timedelta(hours=agreed.hours),
    )
    rules = rules_of_run_off(in_force(contest), cut_size=len(decision.open) - decision.places)
    title, title_ko = titles(made)
    store_round(made, list(Entry.objects.filter(slug__in=decision.open)), rules, title=title, title_ko=title_ko)
    log_along(made, "", RoundState.DRAFT)
    made.state = RoundState.SCHEDULED
    made.save(update_fields=["state"])
    log_along(made, RoundState.DRAFT, RoundState.SCHEDULED)
    return made


def titles(run_off: Round) -> tuple[str, str]:
    """In English and Korean."""
    if run_off.leg > 1:
        return f"Run-off {run_off.leg} of round {run_off.number}", f"{run_off.number}라운드 {run_off.leg}차 연장전"
    return f"Run-off of round {run_off.number}", f"{run_off.number}라운드 연장전"


def rules_of_run_off(rules: Rulebook, *, cut_size: int) -> Rulebook:
    """A round's rules as its run-off has them: votes alone decide, and what they leave tied goes on in the round.

    Everybody in it stands at the line, so that every pair tells as much as any other: they are drawn uniformly.
    """
    changes = {
        "stage": "run_off",
        "cut_size": cut_size,
        "tie_chain": [],
        "tie_component": None,
        "score": "arena",
        "components": [],
        "eligibility": [],
        "references": [],
        "pairing": rules.pairing.model_dump(mode="json") | {"method": "uniform"},
        "freeze_hours": 0,
        "appeal_days": 0,
        "voters": rules.run_off.voters,
    }
    return changed(rules, changes)


def log_along(run_off: Round, start: str, to: RoundState) -> None:
    """A step that a run-off takes because its round did; the round's log says who took that, and why."""
    log_step(run_off, start, to, Said(Actor.ROUND, ALONG, ALONG_KO))


def refused_to_open(run_off: Round) -> str:
    """Why a run-off does not open; empty where there is somebody to tell apart."""
    if competing(run_off).count() <= in_force(run_off).cut_size:
        return _("of the tied too few are left for a run-off; annul it, and publish the result of its round")
    return ""


def refused_by_hand(run_off: Round, to: RoundState) -> str:
    """Why nobody takes this step with a run-off; empty where it is as with other rounds."""
    if run_off.state not in (*UNOPENED, RoundState.OPEN, RoundState.CLOSED, RoundState.TALLIED):
        return _("its result is its round's: that can be reopened or annulled, and the run-off with it")
    match to:
        case RoundState.DRAFT:
            return _("its rules and dates follow from its round; to call it off, annul it")
        case RoundState.RUN_OFF:
            return _("a run-off has no run-off of its own: the next step of its round's tie rule decides")
        case RoundState.PROVISIONAL | RoundState.FINAL:
            return _("it is published and made final together with its round")
        case RoundState.APPEAL:
            return _("appeals are made against its round")
        case _:
            return ""
