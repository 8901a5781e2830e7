"""The log of a round's steps: who took each, when and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.audit import record
from accounts.models import User
from leaderboard.models import Actor, Round, RoundState, Transition

By = User | Actor


@dataclass(frozen=True, slots=True)
class Said:
    """Who takes a step, why, and who else signs it; for the schedule, when it should have been taken."""

    by: By
    reason: str = ""
    reason_ko: str = ""
    confirmed_by: User | None = None
    due_at: datetime | None = None


def log_step(contest: Round, start: str, to: RoundState, said: Said, *, ends_at: datetime | None = None) -> Transition:
    """The next line of the round's log, and of that of actions. In the caller's transaction, which holds the round."""
    last = contest.transitions.order_by("-number").first()
    by = said.by if isinstance(said.by, User) else None
    reasons = {"reason": said.reason.strip(), "reason_ko": said.reason_ko.strip()}
    told: dict[str, Any] = {"start": start, "to": str(to), **reasons}
    if said.confirmed_by:
        told["confirmed_by"] = said.confirmed_by.username
    record(by, "round.moved_by_two" if said.confirmed_by else "round.moved", contest.subject, **told)
    return Transition.objects.create(
        round=contest,
        number=last.number + 1 if last else 1,
        from_state=start,
        to_state=to,
        due_at=said.due_at,
        ends_at=ends_at,
        actor=said.by if isinstance(said.by, Actor) else Actor.ORGANIZER,
        by=by,
        confirmed_by=said.confirmed_by,
        **reasons,
    )
