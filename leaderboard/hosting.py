"""Who enters an entry's workers, what its rounds ask of them, and what organizers do with them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypedDict

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.models import User
from accounts.teams import subject_of
from inference.draining import WorkerState, drain, resume, states
from inference.entries import IDENTITY, PARTS, STATED, Unfit, add_entry, describe_entry, enter_worker
from inference.models import DrainCause, Entry, Worker
from inference.registering import Underway, ask_for_registration
from leaderboard.models import TAKES_PART, Participation, Round, RoundState
from leaderboard.rulebook import Rulebook, in_force

NAME_LENGTH = 120
OVER = (RoundState.FINAL, RoundState.ANNULLED)


class CannotHost(Exception):
    """It is not done to the worker; the words say why."""


def rules_for(entry: Entry, *, announced: bool = False) -> Iterator[Rulebook]:
    """The rulebooks of the rounds that are not over and in which the entry takes part, or is a reference."""
    parts = Participation.objects.filter(entry=entry, state__in=TAKES_PART)
    rounds = Round.objects.filter(participations__in=parts).exclude(state__in=OVER)
    if announced:
        rounds = rounds.exclude(state=RoundState.DRAFT)
    for contest in rounds.distinct():
        yield in_force(contest)


def teams_host(entry: Entry) -> bool:
    """Whether the team may enter workers of its own: some round that is announced lets teams."""
    return any(rules.hosting == "teams" for rules in rules_for(entry, announced=True))


class Asked(TypedDict):
    """Of every worker of an entry: characters a second, and tokens of an answer that must fit."""

    pace: int
    tokens: int


def asked_of(entry: Entry) -> Asked:
    """What the rounds of the entry ask; 0 where none does."""
    rules = list(rules_for(entry))
    return {
        "pace": max((one.pace for one in rules), default=0),
        "tokens": max((one.max_tokens for one in rules), default=0),
    }


def have_checked(worker: Worker) -> None:
    """Have the worker checked soon by what its rounds ask of it; one that is being checked stays so."""
    with suppress(Underway):
        ask_for_registration(worker, **asked_of(worker.entry))


@transaction.atomic
def enter_server(
    entry: Entry, *, by: User, url: str, served_name: str, slots: int, key: str | None, extra_body: Mapping[str, Any]
) -> Worker:
    """A worker that an organizer enters, or how one that is there is asked from now on. Raises BadAddress, Unfit."""
    worker = enter_worker(entry, url=url, served_name=served_name, slots=slots, key=key, extra_body=extra_body)
    have_checked(worker)
    record(by, "server.entered", subject_of(entry.team), entry=entry.name, url=worker.url)
    return worker


@transaction.atomic
def enter_entry(*, slug: str, name: str, team: str, by: User) -> Entry:
    """One more model; its team is made with it where there is none of that name. Raises Unfit."""
    try:
        validate_slug(slug)
    except ValidationError:
        raise Unfit(_("its short name has letters, digits, - and _ only")) from None
    if Entry.objects.filter(slug=slug).exists():
        raise Unfit(_("there is a model of this short name already"))
    for text in (name, team):
        if not text or not text.isprintable() or len(text) > NAME_LENGTH:
            raise Unfit(_("a name is one line of at most {n} characters").format(n=NAME_LENGTH))
    entry = add_entry(slug=slug, name=name, team=team)
    record(by, "entry.entered", subject_of(entry.team), entry=entry.name)
    return entry


@transaction.atomic
def state_provenance(
    entry: Entry, said: Mapping[str, Any], components: Sequence[Mapping[str, Any]], *, by: User
) -> None:
    """State what an entry is and where it comes from, and write down what of it is new. Raises Swapped, Unfit."""
    before = stated(entry)
    describe_entry(entry, said, components)
    after = stated(Entry.objects.get(pk=entry.pk))
    if changed := [name for name in after if after[name] != before[name]]:
        record(by, "entry.described", subject_of(entry.team), entry=entry.name, changed=", ".join(changed))


def stated(entry: Entry) -> dict[str, Any]:
    """All that is said of an entry, by its names."""
    said = {name: getattr(entry, name) for name in (*IDENTITY, *STATED)}
    return said | {"components": list(entry.components.values_list(*PARTS))}


@transaction.atomic
def check_again(worker: Worker, *, by: User) -> None:
    have_checked(worker)
    record(by, "server.checked", subject_of(worker.entry.team), entry=worker.entry.name, url=worker.url)


@transaction.atomic
def take_out(worker: Worker, *, by: User) -> None:
    """Out of service, whatever its team says."""
    drain([worker], DrainCause.ORGANIZER)
    record(by, "server.drained", subject_of(worker.entry.team), entry=worker.entry.name, url=worker.url)


@transaction.atomic
def let_in(worker: Worker, *, by: User) -> None:
    """Back into service, unless the contest holds it. What its team did is ended, too."""
    for cause in (DrainCause.ORGANIZER, DrainCause.TEAM):
        resume([worker], cause)
    record(by, "server.resumed", subject_of(worker.entry.team), entry=worker.entry.name, url=worker.url)


@transaction.atomic
def forget_server(worker: Worker, *, by: User) -> None:
    """Take it away for good. Raises CannotHost while it may still answer somebody."""
    state = states(Worker.objects.filter(pk=worker.pk))[worker.pk]
    if state != WorkerState.DRAINED and not worker.refused_because:
        raise CannotHost(_("it may still answer somebody; take it out of service first, and wait until it is drained"))
    record(by, "server.removed", subject_of(worker.entry.team), entry=worker.entry.name, url=worker.url)
    worker.delete()
