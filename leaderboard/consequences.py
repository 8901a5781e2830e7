"""What follows from a final result: servers of those who are out drain, their places pass on, tokens turn read-only.

Each thing done is a row (leaderboard/models/consequences.py) and is taken back by it. A machine is the host in a
worker's address: the site asks no more of it at once than before, whoever of those on it are left. Where those who are
out share no machine with those who stay, nothing is dealt.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Now

from accounts.audit import record
from accounts.models import Team
from inference.draining import drain, resume
from inference.models import DrainCause, Entry, Worker
from leaderboard.field import competing
from leaderboard.models import (
    Consequence,
    Effect,
    Participation,
    ParticipationRole,
    ParticipationState,
    Round,
    RoundState,
)

OUT = (ParticipationState.ELIMINATED, ParticipationState.DISQUALIFIED)
IN = (ParticipationState.COMPETING, ParticipationState.SUSPENDED)


@transaction.atomic
def carry_out(contest: Round) -> None:
    """Do what the round's final result entails, and no more: what it entails no longer is taken back.

    Again after somebody who was out has come back in: then only what still follows stays.
    """
    settle(contest, out_of(contest))
    settle_later(contest)


@transaction.atomic
def take_back(contest: Round) -> None:
    """Nothing follows from the round any more: everything is again as it was without it."""
    settle(contest, [])
    settle_later(contest)


def let_back_in(contest: Round) -> None:
    """Who takes part in this round and was out by an earlier one has its servers again, and its team its tokens."""
    came = contest.participations.values("entry")
    for earlier in (
        Round.objects.filter(
            number__lt=contest.number, consequences__entry__in=came, consequences__effect=Effect.DRAINED
        )
        .distinct()
        .order_by("number")
    ):
        carry_out(earlier)


def settle_later(contest: Round) -> None:
    """What later rounds dealt out rested on what this one had dealt."""
    for later in Round.objects.filter(number__gt=contest.number, leg=0, state=RoundState.FINAL).order_by("number"):
        settle(later, out_of(later))


def counted() -> QuerySet[Participation]:
    """The participations that say who is in and who is out: those of anybody who competes in what was announced.

    A run-off says it to its round, and that to us.
    """
    parts = Participation.objects.filter(round__leg=0).exclude(round__state=RoundState.ANNULLED)
    parts = parts.exclude(role=ParticipationRole.REFERENCE)
    return parts.exclude(role=ParticipationRole.CONTESTANT, round__state=RoundState.DRAFT)


def out_of(contest: Round) -> list[Entry]:
    """Whom this round put out, and no later one has let in again."""
    parts = counted().filter(round=contest, state__in=OUT).select_related("entry__team").order_by("entry__slug")
    came_back = set(counted().filter(round__number__gt=contest.number).values_list("entry_id", flat=True))
    return [part.entry for part in parts if part.entry_id not in came_back]


def settle(contest: Round, out: list[Entry]) -> None:
    """Make what is done by this round what follows from so many being out."""
    drained, resumed = settle_drains(contest, out)
    settle_deals(contest, out)
    settle_tokens(contest, out)
    if drained or resumed:
        record(None, "consequences.settled", contest.subject, drained=drained, resumed=resumed)


def done_by(contest: Round, effect: Effect) -> QuerySet[Consequence]:
    """What of this kind the round did and has not taken back."""
    return contest.consequences.filter(effect=effect, taken_back_at=None)


def settle_drains(contest: Round, out: list[Entry]) -> tuple[int, int]:
    """Take workers out of service or let them back in; how many of each."""
    over = done_by(contest, Effect.DRAINED).exclude(entry__in=out)
    back = list(Worker.objects.filter(consequences__in=over))
    resume(back, DrainCause.CONTEST)
    over.update(taken_back_at=Now())
    held = Consequence.objects.filter(effect=Effect.DRAINED, taken_back_at=None, worker__isnull=False)
    new = list(Worker.objects.filter(entry__in=out).exclude(pk__in=held.values("worker")).select_related("entry"))
    drain(new, DrainCause.CONTEST)
    Consequence.objects.bulk_create(
        Consequence(
            round=contest,
            effect=Effect.DRAINED,
            team_id=worker.entry.team_id,
            entry_id=worker.entry_id,
            worker=worker,
            url=worker.url,
        )
        for worker in new
    )
    return len(new), len(back)


def settle_deals(contest: Round, out: list[Entry]) -> None:
    wanted = deals(contest, out)
    for done in done_by(contest, Effect.DEALT).select_related("worker"):
        if done.worker and wanted.get(done.worker.pk) == done.places:
            del wanted[done.worker.pk]
            continue
        if done.worker:
            Worker.objects.filter(pk=done.worker.pk).update(dealt=F("dealt") - done.places)
        Consequence.objects.filter(pk=done.pk).update(taken_back_at=Now())
    for worker in Worker.objects.filter(pk__in=wanted).select_related("entry").order_by("pk"):
        Worker.objects.filter(pk=worker.pk).update(dealt=F("dealt") + wanted[worker.pk])
        Consequence.objects.create(
            round=contest,
            effect=Effect.DEALT,
            team_id=worker.entry.team_id,
            entry_id=worker.entry_id,
            worker=worker,
            url=worker.url,
            places=wanted[worker.pk],
        )


def deals(contest: Round, out: Iterable[Entry]) -> dict[int, int]:
    """How many places each worker gets, by its id: on each machine what became free, evenly among the survivors."""
    freed: dict[str, int] = defaultdict(int)
    for worker in Worker.objects.filter(consequences__in=done_by(contest, Effect.DRAINED), entry__in=list(out)):
        freed[host(worker.url)] += worker.places
    sharing: dict[str, dict[int, Worker]] = defaultdict(dict)
    survivors = competing(contest).values("entry")
    # Whom a later round put out shares in it all the same: that round passes its share on.
    drained = Consequence.objects.filter(effect=Effect.DRAINED, taken_back_at=None, worker__isnull=False)
    drained = drained.filter(round__number__lte=contest.number)
    staying = Worker.objects.filter(entry__in=survivors).exclude(pk__in=drained.values("worker"))
    for worker in staying.order_by("entry__slug", "pk"):
        sharing[host(worker.url)].setdefault(worker.entry_id, worker)  # one of each survivor
    return {
        worker.pk: places
        for machine, free in freed.items()
        for worker, places in zip(sharing[machine].values(), shares(free, len(sharing[machine])), strict=True)
        if places
    }


def host(url: str) -> str:
    """The machine that an address leads to."""
    return urlsplit(url).hostname or ""


def shares(places: int, among: int) -> list[int]:
    """So many places dealt out evenly; what does not divide goes to the first."""
    return [places // among + (place < places % among) for place in range(among)]


def settle_tokens(contest: Round, out: list[Entry]) -> None:
    """A team none of whose models is in any more reads, and changes nothing."""
    shut = {entry.team_id for entry in out if not still_in(entry.team)}
    done_by(contest, Effect.READ_ONLY).exclude(team__in=shut).update(taken_back_at=Now())
    already = Consequence.objects.filter(effect=Effect.READ_ONLY, taken_back_at=None)
    shut -= set(already.values_list("team_id", flat=True))
    Consequence.objects.bulk_create(
        Consequence(round=contest, effect=Effect.READ_ONLY, team_id=team) for team in sorted(shut)
    )


def still_in(team: Team) -> bool:
    """Whether some model of the team takes part in the last round that the team was in."""
    parts = counted().filter(team=team)
    last = parts.aggregate(last=Max("round__number"))["last"]
    return parts.filter(round__number=last, state__in=IN).exists()


def read_only_since(team: Team) -> Consequence | None:
    """What turned the team's tokens read-only, if they are."""
    return Consequence.objects.filter(team=team, effect=Effect.READ_ONLY, taken_back_at=None).first()


@dataclass(frozen=True, slots=True)
class Followed:
    """One thing that happened to an entry's servers. what: drained, passed, resumed, dealt or dealt_back."""

    at: datetime
    what: str
    round: int
    places: int = 0


def followed(entry: Entry) -> list[Followed]:
    """What final results did to an entry's servers, oldest first."""
    told: set[Followed] = set()
    for row in entry.consequences.select_related("round", "worker"):
        told.update(lines_of(row))
    return sorted(told, key=lambda line: line.at)


def lines_of(row: Consequence) -> Iterator[Followed]:
    number = row.round.number
    if row.effect == Effect.DRAINED:
        yield Followed(row.at, "passed" if passed_on(row) else "drained", number)
        if row.taken_back_at:
            yield Followed(row.taken_back_at, "resumed", number)
    else:
        yield Followed(row.at, "dealt", number, row.places)
        if row.taken_back_at:
            yield Followed(row.taken_back_at, "dealt_back", number, row.places)


def passed_on(row: Consequence) -> bool:
    """Whether somebody got the places of this worker."""
    urls = Consequence.objects.filter(round=row.round_id, effect=Effect.DEALT).values_list("url", flat=True)
    return host(row.url) in {host(url) for url in urls}
