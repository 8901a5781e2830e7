"""What waits for an organizer: one list, the most pressing first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Min, Prefetch
from django.utils import timezone

from arena.models import Vote
from inference.canaries import counting, drifts, is_another
from inference.draining import in_service
from inference.models import Entry, Worker
from inference.reasons import WAITING
from inference.standing import why_refused_now
from leaderboard.admission import why_not_carried
from leaderboard.allegations import state_of
from leaderboard.appeals.ruling import waiting_ruling
from leaderboard.appeals.waiting import re_runs_owed, refusal_to_finish, waiting_appeals
from leaderboard.calls import Stage, stage, waiting_outcome
from leaderboard.cut.beacons import asks_for_beacon, standing_beacon, value_of, waiting_value
from leaderboard.cut.drawing import ENTERED_IN
from leaderboard.cut.run_offs import run_off_that_counts
from leaderboard.drafts import entrants, references
from leaderboard.eligibility import unverified
from leaderboard.later import left_out
from leaderboard.models import (
    LIVE,
    AllegationState,
    Call,
    Export,
    Participation,
    ParticipationState,
    Round,
    RoundState,
)
from leaderboard.panels import ready
from leaderboard.rulebook import in_force
from leaderboard.signing import waiting_proposal
from leaderboard.verdicts import waiting_verdicts
from leaderboard.voids import unequal

SETTLED = (RoundState.FINAL, RoundState.ANNULLED)

SOON = timedelta(hours=24)
LATE = timedelta(seconds=60)


class Kind(StrEnum):
    HINDERED = "hindered"
    SIGNATURE = "signature"
    PUBLISH = "publish"
    NO_RUN_OFF = "no_run_off"
    APPEALS = "appeals"
    APPEAL = "appeal"
    RULING = "ruling"
    NO_BEACON = "no_beacon"
    BEACON = "beacon"
    BEACON_SIGNATURE = "beacon_signature"
    RE_RUN = "re_run"
    FINISH = "finish"
    OPENS = "opens"
    FREEZES = "freezes"
    ENDS = "ends"
    NOBODY_ANSWERS = "nobody_answers"
    WORKER_DOWN = "worker_down"
    WORKER_REFUSED = "worker_refused"
    DRIFT = "drift"
    UNFIT = "unfit"
    LEFT_OUT = "left_out"
    FAILS = "fails"
    UNCOUNTED = "uncounted"
    VERDICTS = "verdicts"
    VERDICT_SIGNATURE = "verdict_signature"
    ALLEGATION = "allegation"
    CALL_PANEL = "call_panel"
    CALL_OUTCOME = "call_outcome"
    CALL_SIGNATURE = "call_signature"
    EXPORT_FAILED = "export_failed"


@dataclass(frozen=True, slots=True)
class Need:
    """Something to decide or to mend. about: the entry, the worker or the reason; at: since when, or until when."""

    kind: Kind
    round: Round | None = None
    call: Call | None = None
    about: str = ""
    at: datetime | None = None


def needs() -> list[Need]:
    return [*of_rounds(), *of_calls(), *of_models(), *of_workers(), *of_votes(), *of_exports()]


def of_rounds() -> Iterator[Need]:
    for contest in Round.objects.exclude(state__in=SETTLED).order_by("number", "leg"):
        if contest.hindrance:
            yield Need(Kind.HINDERED, contest, about=contest.hindrance)
        if proposal := waiting_proposal(contest):
            yield Need(Kind.SIGNATURE, contest, about=proposal.asked_by.username, at=proposal.asked_at)
        yield from of_appeals(contest)
        yield from of_dates(contest)
        if not contest.leg:  # a run-off waits for its round
            yield from of_state(contest)
            yield from of_beacon(contest)
            yield from of_gate(contest)
            yield from of_field(contest)
        if contest.state in LIVE:
            for row in unequal(contest):
                yield Need(Kind.FAILS, contest, about=f"{row.entry.name} ({row.own} : {row.others})")


def of_appeals(contest: Round) -> Iterator[Need]:
    """Appeals to rule on, rulings to confirm, and re-runs that were ordered."""
    if contest.state != RoundState.APPEAL:
        return
    for appeal in waiting_appeals(contest):
        about = f"{appeal.number} ({appeal.team.name})"
        yield Need(Kind.RULING if waiting_ruling(appeal) else Kind.APPEAL, contest, about=about, at=appeal.filed_at)
    for ruling in re_runs_owed(contest):
        yield Need(Kind.RE_RUN, contest, about=str(ruling.appeal.number), at=ruling.confirmed_at)


def of_state(contest: Round) -> Iterator[Need]:
    """What the round itself waits for."""
    now = timezone.now()
    match contest.state:
        case RoundState.TALLIED:
            yield Need(Kind.PUBLISH, contest)
        case RoundState.RUN_OFF:
            yield from of_run_off(contest)
        case RoundState.PROVISIONAL:
            yield Need(Kind.APPEALS, contest)
        case RoundState.APPEAL if contest.appeals_end_at and contest.appeals_end_at <= now:
            if refusal_to_finish(contest):
                return
            yield Need(Kind.FINISH, contest, at=contest.appeals_end_at)


def of_beacon(contest: Round) -> Iterator[Need]:
    """To name a public random number while votes come in, and its value once it is out and can still decide."""
    named = standing_beacon(contest)
    if named is None and contest.state in LIVE and asks_for_beacon(contest):
        yield Need(Kind.NO_BEACON, contest, at=contest.ends_at)
    if named is None or contest.state not in ENTERED_IN or value_of(named):
        return
    if waits := waiting_value(named):
        yield Need(Kind.BEACON_SIGNATURE, contest, about=waits.entered_by.username, at=waits.entered_at)
    elif named.published_at <= timezone.now():
        yield Need(Kind.BEACON, contest, at=named.published_at)


def of_dates(contest: Round) -> Iterator[Need]:
    """What the round soon does by the clock."""
    now = timezone.now()
    match contest.state:
        case RoundState.SCHEDULED:
            if contest.opens_at - now < SOON:
                yield Need(Kind.OPENS, contest, at=contest.opens_at)
            rules = in_force(contest)
            if not contest.leg and (words := why_not_carried([*entrants(contest), *references(rules)], rules)):
                yield Need(Kind.UNFIT, contest, about=words, at=contest.opens_at)
        case RoundState.OPEN if contest.freezes_at and contest.freezes_at - now < SOON:
            yield Need(Kind.FREEZES, contest, at=contest.freezes_at)
        case RoundState.OPEN | RoundState.FROZEN if contest.ends_at - now < SOON:
            yield Need(Kind.ENDS, contest, at=contest.ends_at)


def of_gate(contest: Round) -> Iterator[Need]:
    """Verdicts that wait for a second organizer or are wanted before the result, and allegations to be settled."""
    for asked in waiting_verdicts(contest):
        yield Need(Kind.VERDICT_SIGNATURE, contest, about=asked.asked_by.username, at=asked.asked_at)
    if contest.state in (RoundState.CLOSED, RoundState.TALLIED) and (missing := unverified(contest)):
        yield Need(Kind.VERDICTS, contest, about=", ".join(sorted(missing)))
    for raised in contest.allegations.select_related("entry").prefetch_related("changes"):
        if state_of(raised) == AllegationState.OPEN:
            yield Need(Kind.ALLEGATION, contest, about=raised.entry.name, at=raised.at)


def of_field(contest: Round) -> Iterator[Need]:
    """Those whom a ruling or an annulment has brought back too late to be in what was announced meanwhile."""
    if contest.state in (RoundState.SCHEDULED, *LIVE) and (absent := left_out(contest)):
        yield Need(Kind.LEFT_OUT, contest, about=", ".join(entry.name for entry in absent))


def of_run_off(contest: Round) -> Iterator[Need]:
    """A round that waits for its run-off: publish its result, or call another one where that was annulled."""
    run_off = run_off_that_counts(contest)
    if run_off is None:
        yield Need(Kind.NO_RUN_OFF, contest)
    elif run_off.state == RoundState.TALLIED:
        yield Need(Kind.PUBLISH, contest)


def of_calls() -> Iterator[Need]:
    """Calls that are not decided and wait for a panel, for what follows to be asked for, or for a second signature."""
    for call in Call.objects.exclude(outcomes__confirmed_by__isnull=False).select_related("after").order_by("number"):
        if waiting := waiting_outcome(call):
            yield Need(Kind.CALL_SIGNATURE, call=call, about=waiting.asked_by.username, at=waiting.asked_at)
        elif ready(call):
            yield Need(Kind.CALL_OUTCOME, call=call)
        elif stage(call) == Stage.CLOSED:
            yield Need(Kind.CALL_PANEL, call=call, at=call.decides_at)


def of_models() -> Iterator[Need]:
    """Those who compete in an open round and cannot be drawn, and workers in service that others stand in for."""
    competing = Entry.objects.filter(
        participations__round__state__in=LIVE, participations__state=ParticipationState.COMPETING
    )
    serving = Prefetch("workers", in_service(Worker.objects.all()))
    for entry in competing.order_by("slug").prefetch_related(serving):
        workers = list(entry.workers.all())
        ill = [worker for worker in workers if not worker.healthy]
        if len(ill) == len(workers):
            yield Need(Kind.NOBODY_ANSWERS, about=entry.name, at=last_asked(workers))
        else:
            yield from (Need(Kind.WORKER_DOWN, about=f"{entry.name}: {one.url}", at=one.checked_at) for one in ill)


def of_workers() -> Iterator[Need]:
    """Workers that did not pass their checks, and those that answer as another model would."""
    parts = Participation.objects.filter(state=ParticipationState.COMPETING).exclude(round__state__in=SETTLED)
    workers = Worker.objects.filter(entry__participations__in=parts).distinct().select_related("entry")
    for worker in workers.order_by("entry__slug", "url"):
        where = f"{worker.entry.name}: {worker.url}"
        if worker.refused_because and worker.refused_because not in WAITING:
            yield Need(Kind.WORKER_REFUSED, about=f"{where}: {why_refused_now(worker)}", at=worker.checked_at)
        elif (counted := counting(worker)) and worker.registered and is_another(counted):
            yield Need(Kind.DRIFT, about=where, at=min(one.first_at for one in drifts(counted)))


def last_asked(workers: list[Worker]) -> datetime | None:
    return max((worker.checked_at for worker in workers if worker.checked_at), default=None)


def of_votes() -> Iterator[Need]:
    """Votes that nobody has counted for a while: the fold is stuck."""
    oldest = Vote.objects.filter(position=None).aggregate(oldest=Min("cast_at"))["oldest"]
    if oldest and timezone.now() - oldest > LATE:
        yield Need(Kind.UNCOUNTED, at=oldest)


def of_exports() -> Iterator[Need]:
    for asked in Export.objects.exclude(trouble="").select_related("board__series"):
        yield Need(Kind.EXPORT_FAILED, about=f"{asked.board.series.slug}, {asked.board.number}: {asked.trouble}")
