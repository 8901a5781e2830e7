"""A round from its announcement to its end: what has happened, what happens when, who moved it and why."""

from datetime import datetime
from typing import Any

from arena.admissions import codes_of
from leaderboard.keys import rounds_by
from leaderboard.models import Round, RoundState, Transition
from leaderboard.rulebook import digest_of, in_force, rulebook_bytes

S = RoundState
COURSE = (S.SCHEDULED, S.OPEN, S.FROZEN, S.CLOSED, S.TALLIED, S.RUN_OFF, S.PROVISIONAL, S.APPEAL, S.FINAL)


def public_round(key: str) -> Round | None:
    """The round with that key, if it is anybody's business: a draft is not."""
    return rounds_by(key).exclude(state=S.DRAFT).select_related("series", "gate").first()


def timeline(key: str) -> dict[str, Any] | None:
    """A round's states and every step between them, as the API and the page show it; None if there is no such round."""
    contest = public_round(key)
    if contest is None:
        return None
    steps = list(contest.transitions.all())
    return {
        "round": contest.number,
        "key": contest.key,
        "series": contest.series.slug,
        "title": contest.series.title,
        "title_ko": contest.series.title_ko,
        "state": contest.state,
        "opens_at": contest.opens_at.isoformat(),
        "freezes_at": _told(contest.freezes_at),
        "ends_at": contest.ends_at.isoformat(),
        "appeals_end_at": _told(contest.appeals_end_at),
        "score": in_force(contest).score,
        "rulebook": digest_of(rulebook_bytes(contest).decode()),
        "codes": codes_told(contest),
        "run_off_of": contest.run_off_of.key if contest.run_off_of else None,
        "run_offs": [run_off.key for run_off in contest.run_offs.order_by("leg")],
        "stages": _stages(contest, steps),
        "steps": [_step(step) for step in steps],
    }


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _stages(contest: Round, steps: list[Transition]) -> list[dict[str, Any]]:
    """The states in order, each with when it began or is to begin; `place` is one of past, now, ahead."""
    # Where the round was taken back to, what came after it is ahead again.
    entered = {step.to_state: step.at for step in steps if step.to_state != step.from_state}
    passed_over = {state for state, is_taken in _optional(contest).items() if not is_taken}
    states = [state for state in COURSE if state not in passed_over]
    if contest.state == S.ANNULLED:
        states = [state for state in states if state in entered] + [S.ANNULLED]
    here = states.index(S(contest.state))
    planned = {S.OPEN: contest.opens_at, S.FROZEN: contest.freezes_at, S.CLOSED: contest.ends_at}
    planned[S.FINAL] = contest.appeals_end_at
    return [
        {
            "state": state.value,
            "place": "now" if place == here else "past" if place < here else "ahead",
            "at": _told(entered.get(state) if place <= here else planned.get(state)),
        }
        for place, state in enumerate(states)
        if place >= here or state in entered  # a close by hand may come before the freeze
    ]


def codes_told(contest: Round) -> dict[str, int] | None:
    """How many invitation codes were made and used; None where everybody may vote."""
    if in_force(contest).voters != "verified":
        return None
    found = codes_of(contest.gate_id)
    return {"made": found.made, "used": found.used}


def _optional(contest: Round) -> dict[RoundState, bool]:
    """The states that not every round comes through, and whether this one does."""
    run_off = contest.state == S.RUN_OFF or contest.run_offs.exclude(state=S.ANNULLED).exists()
    return {S.FROZEN: contest.freezes_at is not None, S.RUN_OFF: run_off, S.APPEAL: not contest.leg}


def _step(step: Transition) -> dict[str, Any]:
    return {
        "number": step.number,
        "from": step.from_state or None,
        "to": step.to_state,
        "at": step.at.isoformat(),
        "due_at": _told(step.due_at),
        "ends_at": _told(step.ends_at),
        "actor": step.actor,
        "signed_by_two": step.confirmed_by_id is not None,
        "reason": step.reason,
        "reason_ko": step.reason_ko,
    }
