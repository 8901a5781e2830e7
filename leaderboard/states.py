"""The states of a round, and `move`: the one way from each to the next, refused or logged with who and why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leaderboard import entering
from leaderboard.broadcast import announce
from leaderboard.cut.run_offs import refused_by_hand
from leaderboard.entering import CannotMove
from leaderboard.models import Actor, Round, RoundState, Transition
from leaderboard.reasons import amiss
from leaderboard.transitions import By, Said, log_step

S = RoundState
Effect = Callable[[Round, datetime, datetime | None], None]


@dataclass(frozen=True, slots=True)
class Step:
    """An allowed step: what it does, in words and in deed; whether the clock takes it, and whether it needs two."""

    does: Any
    effect: Effect
    by_clock: bool = False
    of_two: bool = False


MOVED_END = Step(gettext_lazy("The round gets another end. Everything else stays as it is."), entering.move_end)
FREEZES = Step(
    gettext_lazy("The public board stands still. Votes still count, and tell no names until the result is published."),
    entering.freeze,
    by_clock=True,
)
CLOSES = Step(gettext_lazy("No more votes count. Those under way are waited for."), entering.close, by_clock=True)
REOPENED = Step(
    gettext_lazy("The result is taken back, nobody is out, and votes count again until the new end."), entering.reopen
)
REOPENED_FROZEN = Step(
    gettext_lazy("Votes count again until the new end. The public board goes on standing still."),
    entering.reopen_frozen,
)
ANNULLED = Step(
    gettext_lazy("The round decides nothing, and nobody is out by it. Its votes stay on record. This is for good."),
    entering.annul,
    of_two=True,
)
CALLED_OFF = Step(
    gettext_lazy("The run-off does not take place, and its round goes on without it. This is for good."),
    entering.call_off,
    of_two=True,
)
PUBLISHES = Step(
    gettext_lazy("Who is out is decided by the rating, and the final board is shown to everybody."),
    entering.publish_result,
)
STEPS: dict[tuple[RoundState, RoundState], Step] = {
    (S.DRAFT, S.SCHEDULED): Step(
        gettext_lazy("The dates and the rules become public. The round opens by itself."), entering.announce_dates
    ),
    (S.SCHEDULED, S.DRAFT): Step(
        gettext_lazy("The round is no longer public and can be changed. It does not open by itself."),
        entering.back_to_draft,
    ),
    (S.SCHEDULED, S.OPEN): Step(
        gettext_lazy("Version 1 of the rulebook is written, and votes count from now on."),
        entering.open_first,
        by_clock=True,
    ),
    (S.SCHEDULED, S.ANNULLED): CALLED_OFF,
    (S.OPEN, S.OPEN): MOVED_END,
    (S.OPEN, S.FROZEN): FREEZES,
    (S.OPEN, S.CLOSED): CLOSES,
    (S.FROZEN, S.FROZEN): MOVED_END,
    (S.FROZEN, S.CLOSED): CLOSES,
    (S.CLOSED, S.TALLIED): Step(
        gettext_lazy("All votes are counted, and then counted again from the first on."), entering.tally, by_clock=True
    ),
    (S.TALLIED, S.RUN_OFF): Step(
        gettext_lazy("The final numbers are shown, and a run-off among those who are tied at the line is announced."),
        entering.hold_run_off,
    ),
    (S.RUN_OFF, S.RUN_OFF): Step(
        gettext_lazy("Another run-off is announced, where the last one was annulled."), entering.hold_run_off
    ),
    (S.RUN_OFF, S.PROVISIONAL): PUBLISHES,
    (S.TALLIED, S.PROVISIONAL): PUBLISHES,
    (S.PROVISIONAL, S.APPEAL): Step(
        gettext_lazy("Appeals can be made, for as many days as the rulebook says."), entering.hear_appeals
    ),
    (S.APPEAL, S.FINAL): Step(
        gettext_lazy("The result stands. From here it can only be annulled."), entering.finish, of_two=True
    ),
    **{(past, S.FROZEN): REOPENED_FROZEN for past in (S.CLOSED, S.TALLIED)},
    **{(past, S.OPEN): REOPENED for past in (S.CLOSED, S.TALLIED, S.RUN_OFF, S.PROVISIONAL, S.APPEAL)},
    **{
        (past, S.ANNULLED): ANNULLED
        for past in (S.OPEN, S.FROZEN, S.CLOSED, S.TALLIED, S.RUN_OFF, S.PROVISIONAL, S.APPEAL, S.FINAL)
    },
}


def next_steps(contest: Round) -> dict[RoundState, Step]:
    """Where a round can go from where it is, whatever else may stand in the way."""
    possible = {to: step for (start, to), step in STEPS.items() if start == contest.state}
    return {to: step for to, step in possible.items() if not refused_here(contest, to)}


def refused_here(contest: Round, to: RoundState) -> str:
    """Why this round does not take a step that others take; empty where it does."""
    if contest.leg:
        return refused_by_hand(contest, to)
    if contest.state == S.SCHEDULED and to == S.ANNULLED:
        return _("nobody has voted in it yet: take it back to a draft")
    return ""


@transaction.atomic
def begin(contest: Round, *, by: By, reason: str, reason_ko: str = "") -> Transition:
    """The first line of a new draft's log. Raises CannotMove."""
    said = Said(by, reason, reason_ko)
    refuse_unsaid(said)
    return log_step(contest, "", S.DRAFT, said)


def move(
    contest: Round,
    to: RoundState,
    *,
    by: By,
    reason: str,
    reason_ko: str = "",
    ends_at: datetime | None = None,
) -> Transition:
    """Take a round to another state, with all that this does, or leave it as it was. Raises CannotMove.

    ends_at: the new end, where votes are to come in longer. What cannot be undone is not done so: see signing.py.
    """
    return take_step(contest, to, Said(by, reason, reason_ko), ends_at=ends_at)


@transaction.atomic
def take_step(contest: Round, to: RoundState, said: Said, *, ends_at: datetime | None = None) -> Transition:
    """As `move`, for those who sign for two (signing.py) and for the clock (schedule.py)."""
    contest = held(contest)
    start = RoundState(contest.state)
    step = refuse_step(contest, to, said)
    if step.of_two and said.confirmed_by in (None, said.by):
        raise CannotMove(_("it cannot be undone, so that one organizer asks for it and another one confirms it"))
    step.effect(contest, clock(), ends_at)
    if contest.hindrance:
        contest.hindrance = ""
        contest.save(update_fields=["hindrance"])
    logged = log_step(contest, start, to, said, ends_at=ends_at)
    transaction.on_commit(lambda: announce(contest.series.slug))
    return logged


def refuse_step(contest: Round, to: RoundState, said: Said) -> Step:
    """The step that leads there. Raises CannotMove where there is none, or not for them, or not for such a reason."""
    step = STEPS.get((RoundState(contest.state), to))
    if step is None:
        raise CannotMove(_impossible(contest))
    if words := refused_here(contest, to):
        raise CannotMove(words)
    refuse_unsaid(said)
    if said.by == Actor.SCHEDULE and not step.by_clock:
        raise CannotMove(_("the schedule does not decide that"))
    return step


def refuse_unsaid(said: Said) -> None:
    """Raise CannotMove where nobody who may moves the round, or nobody says why."""
    for person in (said.by, said.confirmed_by):
        if isinstance(person, User):
            refuse_stranger(person)
    if said.by == Actor.ORGANIZER:
        raise CannotMove(_("an organizer has a name"))
    if said.by != Actor.SCHEDULE and (words := amiss(said.reason, said.reason_ko)):
        raise CannotMove(words)


def refuse_stranger(person: User) -> None:
    if not (person.is_staff and person.is_active):
        raise CannotMove(_("{name} is no organizer").format(name=person.username))


def held(contest: Round) -> Round:
    """The round as it is now, and nobody else moves or amends it until the transaction ends."""
    return Round.objects.select_for_update(of=("self",)).select_related("gate", "series").get(pk=contest.pk)


def clock() -> datetime:
    """The database's clock, by which rounds go."""
    now: datetime = Round.objects.values_list(Now(), flat=True)[0]
    return now


def _impossible(contest: Round) -> str:
    start, possible = contest.state, ", ".join(next_steps(contest))
    if not possible:
        return _("it is {start}, and stays so").format(start=start)
    return _("it is {start}; from there it can become: {possible}").format(start=start, possible=possible)
