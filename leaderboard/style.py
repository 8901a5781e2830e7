"""The board if length and formatting are taken out: fitted now and then, for it takes all votes and not their sums.

An edition shows what was fitted last, and as of which vote; it never decides a cut.
"""

import logging
from itertools import islice
from typing import Any

import numpy as np

from arena.ballots import StyledBallot, styled_ballots
from leaderboard.categories import enough
from leaderboard.editions import newest
from leaderboard.models import Board, Folded, Round, StyleBoard
from leaderboard.rulebook import in_force
from rating import (
    STYLE,
    Ballots,
    Contextual,
    Fit,
    RatingError,
    fit_contextual,
    joined,
    outcome_named,
    rank_sets,
    style_features,
)

log = logging.getLogger(__name__)

AT_ONCE = 20_000  # ballots
MOST_READ = 100_000  # ballots of one call, some seconds: who has a million to read lets folds through in between
WORTH_IT = 1.01  # times as many votes as were known: less hardly moves it


class Looks:
    """A round's counted ballots and how their answers looked, 40 bytes each. Who asks again reads new ones only."""

    def __init__(self, contest: Round, slugs: list[str]) -> None:
        self.slugs, self.position = slugs, 0
        self._gate = contest.gate
        self._place = {slug: i for i, slug in enumerate(slugs)}
        self._voters: dict[str, int] = {}
        self.votes = self._columns([])

    def read(self, upto: int) -> bool:
        """Read on up to a position, but not too much at once. Returns whether all is read."""
        end = min(upto, self.position + MOST_READ)
        found = styled_ballots(self._gate, after=self.position, upto=end)
        parts = [self.votes]
        while some := list(islice(found, AT_ONCE)):
            parts.append(self._columns(some))
        self.votes, self.position = joined(parts), end
        return end == upto

    def _columns(self, some: list[StyledBallot]) -> Ballots:
        looks = np.array([[ballot.style[thing] for thing in STYLE] for ballot in some], dtype=np.float64)
        looks = looks.reshape(-1, len(STYLE), 2)
        return Ballots.from_arrays(
            [self._place[ballot.a] for ballot in some],
            [self._place[ballot.b] for ballot in some],
            [outcome_named(ballot.winner) for ballot in some],
            players=len(self.slugs),
            voter=[self._voters.setdefault(ballot.voter, len(self._voters)) for ballot in some],
            features=style_features(looks[:, :, 0], looks[:, :, 1]),
        )


_looks: dict[int, Looks] = {}
"""Of the rounds that this process has read, by id: a position once given and counted stays so, and so does a label."""


def control_style(contest: Round) -> StyleBoard | None:
    """Fit the round's votes up to its newest board, if they are enough, all read, and more than were fitted last."""
    edition, folded = newest(contest.series), Folded.objects.get(series_id=contest.series_id)
    last = StyleBoard.objects.filter(series=contest.series).order_by("-position").first()
    if edition is None or edition.position <= (WORTH_IT * last.position if last else 0):
        return None
    looks = _looks.get(contest.pk)
    if looks is None or looks.slugs != folded.slugs or looks.position > edition.position:
        looks = _looks[contest.pk] = Looks(contest, folded.slugs)
    if not looks.read(edition.position):
        return None
    content = content_of(looks.votes, folded.slugs, edition, in_force(contest).minimum_votes)
    if content is None:
        return None
    return StyleBoard.objects.create(series=contest.series, position=edition.position, content=content)


def content_of(votes: Ballots, slugs: list[str], edition: Board, minimum: int) -> dict[str, Any] | None:
    """What a board without style tells, JSON; None while there are too few votes, or nothing that tells looks apart."""
    ranked = set(edition.standings.filter(rank__isnull=False).values_list("slug", flat=True))
    met = np.union1d(votes.first, votes.second).astype(np.intp)
    if len(votes) < enough(minimum, len(ranked)) or votes.voters()[1] < 2:
        return None
    votes = votes.between(met)
    assert votes.features is not None
    told = np.flatnonzero(votes.features.any(axis=0))
    try:
        made = fit_contextual(
            Ballots.from_arrays(
                votes.first,
                votes.second,
                votes.outcome,
                players=votes.players,
                voter=votes.voter,
                features=votes.features[:, told],
            )
        )
    except RatingError as why:
        log.info("no board without style yet: %s", why)
        return None
    names = [slugs[player] for player in met.tolist()]
    early = made.raw.provisional(minimum)
    among = ~early & np.array([name in ranked for name in names])
    return {
        "votes": len(votes),
        "things": things_of(made, [STYLE[thing] for thing in told.tolist()]),
        "standings": rows_of(names, made, among),
    }


def things_of(made: Contextual, things: list[str]) -> list[dict[str, Any]]:
    """By how much one standard deviation more of each thing multiplies the odds, with a 95 % interval."""
    columns = [each.tolist() for each in made.odds()]
    return [
        {"name": thing, "odds": odds, "low": low, "high": high}
        for thing, odds, low, high in zip(things, *columns, strict=True)
    ]


def rows_of(names: list[str], made: Contextual, among: Any) -> list[dict[str, Any]]:
    """The rows by the controlled rating: first who has a rank, then the others."""
    ranks = [places(board, among) for board in (made.controlled, made.raw)]
    best, worst = rank_sets(made.controlled, among=among)
    order = sorted(range(len(names)), key=lambda i: (not among[i], made.controlled.ranks()[i]))
    return [
        {
            "slug": names[i],
            "rank": ranks[0][i],
            "rank_low": int(best[i]) if among[i] else None,
            "rank_high": int(worst[i]) if among[i] else None,
            "raw_rank": ranks[1][i],
            **figures(made.controlled, i, ""),
            **figures(made.raw, i, "raw_"),
            "votes": round(float(made.raw.votes[i])),
        }
        for i in order
    ]


def places(board: Fit, among: Any) -> list[int | None]:
    """Ranks among some; None for the others."""
    order = [i for i in np.argsort(board.ranks()).tolist() if among[i]]
    place = {i: at for at, i in enumerate(order, 1)}
    return [place.get(i) for i in range(len(among))]


def figures(board: Fit, i: int, prefix: str) -> dict[str, float]:
    low, high = board.intervals()
    named = {"rating": board.ratings()[i], "low": low[i], "high": high[i]}
    return {f"{prefix}{name}": round(float(value), 6) for name, value in named.items()}
