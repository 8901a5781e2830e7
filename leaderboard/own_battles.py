"""A team's own battles, one by one: how each vote on its model went. Without text: no visitor was asked for theirs."""

from dataclasses import dataclass

from arena.ballots import OwnBallot, own_ballots
from inference.models import Entry
from leaderboard.editions import served
from leaderboard.models import DECIDED, Round, RoundState

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class OwnBattles:
    """Newest first; before: the position before which there are more. named: whether opponents are told."""

    battles: list[OwnBallot]
    before: int | None
    named: bool


def own_battles(contest: Round, entry: Entry, *, before: int | None = None) -> OwnBattles:
    """The entry's battles in a round up to the edition that is served, the newest or those before a position.

    Against whom is told once the result is: until then it would help whoever wants to know which votes to buy.
    """
    edition = served(contest.series)
    upto = edition.position if edition else 0
    last = upto if before is None else min(upto, before - 1)
    found = own_ballots(contest.gate, entry.pk, upto=last, most=A_PAGE + 1)
    shown = found[:A_PAGE]
    named = contest.state in (*DECIDED, RoundState.ANNULLED)
    return OwnBattles(shown, shown[-1].position if len(found) > A_PAGE else None, named)
