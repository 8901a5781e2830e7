"""What entering each state of a round does. In the transaction of `states.move`, which holds the round."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from arena.ballots import meetings
from arena.gates import close_gate, freeze_gate, move_times, open_gate, thaw_gate
from inference.models import Entry
from leaderboard.admission import why_not_carried
from leaderboard.amending import NotKept, write_version
from leaderboard.appeals.waiting import refusal_to_finish
from leaderboard.boards import publish_board
from leaderboard.consequences import carry_out, let_back_in, take_back
from leaderboard.counting import stored, tally_of
from leaderboard.cut import decisions
from leaderboard.cut.run_offs import call_run_off, log_along, refused_to_open, run_off_that_counts
from leaderboard.cut.words import why_not
from leaderboard.drafts import CannotOpen, entrants, references, refuse_unfit
from leaderboard.eligibility import keep_gate, take_back_gate
from leaderboard.export_queue import keep_files
from leaderboard.exposure import exposure_by
from leaderboard.fold import fold
from leaderboard.later import announced_after
from leaderboard.models import DECIDED, LIVE, UNOPENED, Cause, Folded, Freeze, Round, RoundState
from leaderboard.pairing import publish_pairing
from leaderboard.participations import begin
from leaderboard.recounting import recount
from leaderboard.rulebook import Rulebook, freezing, in_force
from leaderboard.verdicts import CannotJudge

LATE = timedelta(minutes=1)  # from saying "now" to doing it


class CannotMove(Exception):
    """The round stays where it is; the words say why."""


def stand(contest: Round, state: RoundState, *fields: str) -> None:
    """Store the round's new state and what has changed with it."""
    contest.state = state
    contest.save(update_fields=["state", *fields])


def back_to_draft(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    stand(contest, RoundState.DRAFT)


def announce_dates(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """The dates and the rules are public from here on."""
    refuse_unfit_now(contest)
    if contest.opens_at < now - LATE:
        raise CannotMove(_("the day on which it was to open has passed"))
    stand(contest, RoundState.SCHEDULED)


def refuse_unfit_now(contest: Round) -> None:
    try:
        refuse_unfit(entrants(contest), in_force(contest), opens_at=contest.opens_at, ends_at=contest.ends_at)
    except (CannotOpen, NotKept) as why:
        raise CannotMove(str(why)) from None


def open_first(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Write version 1 of the rulebook and the first board, and let votes in."""
    refuse_another_live(contest)
    if contest.leg and (words := refused_to_open(contest)):
        raise CannotMove(words)
    rules = in_force(contest)
    entries = [*entrants(contest), *references(rules)]
    refuse_uncarried(contest, entries, rules)
    contest.opens_at = min(contest.opens_at, now)  # by hand it may be earlier than announced
    stand(contest, RoundState.OPEN, "opens_at")
    begin(contest, references(rules))
    let_back_in(contest)
    write_version(contest, rules)
    folded = Folded.objects.create(series=contest.series, slugs=sorted(entry.slug for entry in entries))
    running = stored(folded, contest)
    made_of_nothing = running.fit(apart=True)
    names = {entry.slug: entry.name for entry in entries}
    publish_board(contest.series, folded, made_of_nothing, names, intervals=running.intervals)
    publish_pairing(contest, folded, made_of_nothing, tally_of(running))
    open_gate(contest.gate_id, freezes_at=contest.freezes_at, until=contest.ends_at)


def refuse_uncarried(contest: Round, entries: list[Entry], rules: Rulebook) -> None:
    # A run-off goes on with what carried its round.
    if not contest.leg and (words := why_not_carried(entries, rules)):
        raise CannotMove(words)


def refuse_another_live(contest: Round) -> None:
    # The constraint holds whatever happens here; this gives it its words.
    other = Round.objects.filter(state__in=LIVE).exclude(pk=contest.pk).first()
    if other:
        raise CannotMove(_("round {n} is open, and votes can only go to one round").format(n=other.key))


def refuse_followed(contest: Round) -> None:
    """Raise CannotMove where a later round rests on this one's result: it would go on without whom this lets back."""
    if contest.state in DECIDED and (later := announced_after(contest)):
        raise CannotMove(
            _("round {n} goes by its result; take that back to a draft or annul it first").format(n=later.key)
        )


def move_end(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Another end, and another begin of the freeze with it where that is yet to come."""
    fields = _new_end(contest, now, ends_at, frozen=contest.state == RoundState.FROZEN)
    stand(contest, RoundState(contest.state), *fields)
    move_times(contest.gate_id, freezes_at=contest.freezes_at, until=contest.ends_at)


def _new_end(contest: Round, now: datetime, ends_at: datetime | None, *, frozen: bool) -> list[str]:
    if ends_at is None:
        raise CannotMove(_("votes come in again only until a new end, and none was named"))
    if ends_at <= now:
        raise CannotMove(_("its new end has passed already"))
    contest.ends_at = ends_at
    if frozen:
        return ["ends_at"]
    rules = in_force(contest)
    contest.freezes_at = freezing(rules, ends_at)
    if contest.freezes_at and contest.freezes_at <= contest.opens_at:
        raise CannotMove(
            _("with a freeze of {n} hours its board would stand still from the beginning").format(n=rules.freeze_hours)
        )
    return ["ends_at", "freezes_at"]


def freeze(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Keep this moment's edition for the public. Votes before it told names and are in it; later ones do not."""
    if contest.freezes_at is None:
        raise CannotMove(_("by its rulebook its board does not freeze"))
    freeze_gate(contest.gate_id)
    edition = fold(contest, anyway=True)
    assert edition is not None  # anyway
    exposure = exposure_by(contest, *meetings(contest.gate))
    folded = Folded.objects.get(series_id=contest.series_id)
    kept = {name: getattr(folded, name) for name in ("slugs", "state", "by_category")}
    Freeze.objects.create(round=contest, board=edition, exposure=exposure, **kept)
    contest.freezes_at = min(contest.freezes_at, now)
    stand(contest, RoundState.FROZEN, "freezes_at")


def close(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Let no more votes in; those under way are waited for."""
    close_gate(contest.gate_id)
    contest.closed_at = now
    stand(contest, RoundState.CLOSED, "closed_at")


def tally(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Count every vote, and then all of them a second time from the first on."""
    stand(contest, RoundState.TALLIED)
    fold(contest, anyway=True)
    again = recount(contest)
    if not again.agrees:
        raise CannotMove(
            _(
                "a second count found {counted} votes where the board has {votes}, or ratings {apart} points apart"
            ).format(counted=again.counted, votes=again.votes, apart=f"{again.apart:g}")
        )


def hold_run_off(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Show the final numbers, which nobody can change any more, and call a run-off among those tied at the line."""
    if run_off_that_counts(contest):
        raise CannotMove(_("it has a run-off already"))
    pass_gate(contest)
    decision = decisions.decide_now(contest)
    if decision.state != "run_off":
        raise CannotMove(why_not(decision) or _("the line is clear, or settled without a run-off; publish the result"))
    stand(contest, RoundState.RUN_OFF)
    show_again(contest)
    call_run_off(contest, decision, now)


def publish_result(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Take out who fails the gate, decide who is out, record it, and show everybody the board that says so."""
    refuse_unfinished_run_off(contest)
    pass_gate(contest)
    try:
        decisions.record_decision(contest, Cause.PUBLISHED)
    except decisions.Undecided as why:
        raise CannotMove(str(why)) from None
    stand(contest, RoundState.PROVISIONAL)
    show_again(contest)
    take_along(contest, RoundState.PROVISIONAL, now)


def refuse_unfinished_run_off(contest: Round) -> None:
    run_off = run_off_that_counts(contest)
    if run_off and run_off.state != RoundState.TALLIED:
        raise CannotMove(_("its run-off is not counted yet"))


def pass_gate(contest: Round) -> None:
    """Take out who fails the gate: the line is drawn among those who are left."""
    try:
        if keep_gate(contest):
            fold(contest, anyway=True)
    except CannotJudge as why:
        raise CannotMove(str(why)) from None


def show_again(contest: Round) -> None:
    """End the freeze: the newest board is everybody's."""
    Freeze.objects.filter(round=contest).delete()
    thaw_gate(contest.gate_id)
    fold(contest, anyway=True)


def hear_appeals(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    contest.appeals_end_at = now + timedelta(days=in_force(contest).appeal_days)
    stand(contest, RoundState.APPEAL, "appeals_end_at")


def finish(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    if contest.appeals_end_at is None or now < contest.appeals_end_at:
        raise CannotMove(_("appeals can still be made"))
    if words := refusal_to_finish(contest):
        raise CannotMove(words)
    stand(contest, RoundState.FINAL)
    take_along(contest, RoundState.FINAL, now)
    carry_out(contest)
    keep_files(contest)


def reopen(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Take the result back and let votes in again, until the new end. A run-off is annulled with it."""
    refuse_followed(contest)
    take_along(contest, RoundState.ANNULLED, now)
    refuse_another_live(contest)
    fields = _new_end(contest, now, ends_at, frozen=False)
    kept = Freeze.objects.filter(round=contest).exists()
    if kept and contest.freezes_at and contest.freezes_at <= now:
        raise CannotMove(_("by its new end its board is still frozen; reopen it as frozen"))
    contest.closed_at = contest.appeals_end_at = None
    decisions.take_back_cut(contest)
    take_back_gate(contest)
    stand(contest, RoundState.OPEN, "closed_at", "appeals_end_at", *fields)
    open_gate(contest.gate_id, freezes_at=contest.freezes_at, until=contest.ends_at)
    show_again(contest)


def reopen_frozen(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Let votes in again behind the board that has stood still all along."""
    refuse_another_live(contest)
    fields = _new_end(contest, now, ends_at, frozen=True)
    if not Freeze.objects.filter(round=contest).exists():
        raise CannotMove(_("its board was not frozen when it closed; reopen it as open"))
    contest.closed_at = None
    stand(contest, RoundState.FROZEN, "closed_at", *fields)
    open_gate(contest.gate_id, freezes_at=contest.freezes_at, until=contest.ends_at)


def annul(contest: Round, now: datetime, ends_at: datetime | None) -> None:
    """Nobody is out by this round; its votes stay on record and decide nothing, nor do those of its run-off."""
    take_along(contest, RoundState.ANNULLED, now)
    close_gate(contest.gate_id)
    decisions.take_back_cut(contest)
    take_back_gate(contest)
    contest.closed_at = contest.closed_at or now
    stand(contest, RoundState.ANNULLED, "closed_at")
    take_back(contest)
    show_again(contest)


def take_along(contest: Round, to: RoundState, now: datetime) -> None:
    """Take the round's run-off to the same state, if there is one that counts, and log it there."""
    run_off = run_off_that_counts(contest)
    if run_off is None:
        return
    start = run_off.state
    match to:
        case RoundState.PROVISIONAL:
            decisions.record_run_off(run_off)
            stand(run_off, to)
            show_again(run_off)
        case RoundState.FINAL:
            stand(run_off, to)
            keep_files(run_off)
        case _:
            annul_run_off(run_off, now)
    log_along(run_off, start, to)


def annul_run_off(run_off: Round, now: datetime) -> None:
    (call_off if run_off.state in UNOPENED else annul)(run_off, now, None)


def call_off(run_off: Round, now: datetime, ends_at: datetime | None) -> None:
    """A run-off that has not opened has no votes, and no board to show."""
    run_off.closed_at = now
    stand(run_off, RoundState.ANNULLED, "closed_at")
