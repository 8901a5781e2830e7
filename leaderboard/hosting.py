"""Who enters an entry's workers, and what its rounds ask of them."""

from collections.abc import Iterator
from contextlib import suppress

from inference.models import Entry, Worker
from inference.registering import Underway, ask_for_registration
from leaderboard.models import Participation, ParticipationState, Round, RoundState
from leaderboard.rulebook import Rulebook, in_force

TAKES_PART = (ParticipationState.COMPETING, ParticipationState.SUSPENDED)
OVER = (RoundState.FINAL, RoundState.ANNULLED)


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


def have_checked(worker: Worker) -> None:
    """Have the worker checked soon by what its rounds ask of it; one that is being checked stays so."""
    rules = list(rules_for(worker.entry))
    with suppress(Underway):
        ask_for_registration(
            worker,
            pace=max((one.pace for one in rules), default=0),
            tokens=max((one.max_tokens for one in rules), default=0),
        )
