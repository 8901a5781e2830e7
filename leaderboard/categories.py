"""Boards by the kind of question: counted with every fold, published with every edition, and no part of the cut.

Whoever asks gets the standings of one category, by the votes on its questions alone. Each vote is a draw of its own
here: what clustering by voter needs of eight more boards would be too much to write with every fold.
"""

import io
import zlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.ballots import Ballot, ballots
from leaderboard.models import Board, ByCategory, Folded, Round, StyleBoard
from leaderboard.rulebook import in_force
from rating import OUTCOME_NAMES, Fit, Intervals, RatingError, Settings, Tally, fit, parameters, rank_sets

LANGUAGES = ("ko", "en")  # with boards of their own; all others are "other"
OTHER = "other"
SUBJECTS = ("code", "maths", "writing", "long", "multi_turn")
CATEGORIES = (*LANGUAGES, OTHER, *SUBJECTS)
INTERVALS: Intervals = "sandwich"

Counts = NDArray[np.int64]
"""(categories, n, n, outcomes), [category, first, second, outcome]."""


def categories_of(ballot: Ballot) -> set[str]:
    """The categories that a ballot counts in; none, where nothing is known of its battle."""
    if ballot.language is None:
        return set()
    language = ballot.language if ballot.language in LANGUAGES else OTHER
    return {language, *(ballot.categories or ())}.intersection(CATEGORIES)


def count(counts: Counts, slugs: Sequence[str], found: Iterable[Ballot]) -> None:
    """Add the counted ballots to the counts."""
    place = {slug: i for i, slug in enumerate(slugs)}
    number = {category: i for i, category in enumerate(CATEGORIES)}
    cells = [
        (number[category], place[ballot.a], place[ballot.b], OUTCOME_NAMES.index(ballot.winner))
        for ballot in found
        if ballot.weight
        for category in categories_of(ballot)
    ]
    if cells:
        np.add.at(counts, tuple(np.array(cells).T), 1)


def stored_counts(folded: Folded, contest: Round) -> Counts:
    """What `store_counts` kept; made from the round's ballots where nothing is kept, as after an upgrade."""
    n = len(folded.slugs)
    counts = np.zeros((len(CATEGORIES), n, n, len(OUTCOME_NAMES)), dtype=np.int64)
    if folded.by_category and folded.state:
        kept = np.load(io.BytesIO(zlib.decompress(bytes(folded.by_category))))
        known = slice(kept.shape[1])  # who joined since then has no votes in it
        counts[:, known, known] = kept
    elif folded.position:
        count(counts, folded.slugs, ballots(contest.gate, upto=folded.position, labelled=True))
    return counts


def store_counts(folded: Folded, counts: Counts) -> None:
    file = io.BytesIO()
    np.save(file, counts.astype(np.int32), allow_pickle=False)
    folded.by_category = zlib.compress(file.getvalue(), level=1)


def publish_categories(contest: Round, board: Board, slugs: Sequence[str], counts: Counts) -> None:
    """Store the categories of an edition, inside the caller's transaction."""
    minimum = in_force(contest).minimum_votes
    ranked = sorted(board.standings.filter(rank__isnull=False).values_list("slug", flat=True))
    basis = {"minimum_votes": minimum, "ranked": ranked}
    last = ByCategory.objects.filter(board__series=board.series).order_by("-board__number").first()
    before = last.content["categories"] if last and last.content["basis"] == basis else {}
    told = {}
    for category, tally in zip(CATEGORIES, counts, strict=True):
        votes = int(tally.sum())
        # Votes are only added: as many as before are the same.
        same = category in before and before[category]["votes"] == votes
        told[category] = before[category] if same else rated_category(slugs, tally, votes, minimum, ranked)
    style = StyleBoard.objects.filter(series=board.series).order_by("-position").first()
    ByCategory.objects.create(board=board, content={"basis": basis, "categories": told}, style=style)


def enough(minimum: int, ranked: int) -> int:
    """How many votes a category needs for standings: on average `minimum` for each who has a rank, and at least one."""
    return max(1, -(-minimum * ranked // 2))


def rated_category(
    slugs: Sequence[str], counts: Counts, votes: int, minimum: int, ranked: Collection[str]
) -> dict[str, Any]:
    """A category's votes and its standings, best first; null while there are too few votes to say anything.

    minimum: an entry with fewer votes has no rank here, and a category in which entries have fewer on average
    has no standings. ranked: who has a rank on the board of all votes.
    """
    too_few: dict[str, Any] = {"votes": votes, "standings": None}
    if votes < enough(minimum, len(ranked)):
        return too_few
    players = np.flatnonzero(counts.sum(axis=(1, 2)) + counts.sum(axis=(0, 2)))
    try:
        made = fit(Tally(counts[np.ix_(players, players)]), intervals=INTERVALS)
    except RatingError:
        # Groups that never met on such questions: more votes will join them.
        return too_few
    return {
        "votes": votes,
        "standings": standings_of([slugs[player] for player in players.tolist()], made, minimum, ranked),
    }


def standings_of(slugs: Sequence[str], made: Fit, minimum: int, ranked: Collection[str]) -> list[dict[str, Any]]:
    """The rows of a category, to a millionth of a point: first who has a rank, then the others."""
    among = ~made.provisional(minimum) & np.array([slug in ranked for slug in slugs])
    best, worst = rank_sets(made, among=among)
    order = sorted(range(len(slugs)), key=lambda i: (not among[i], made.ranks()[i]))
    low, high = made.intervals()
    return [
        {
            "slug": slugs[i],
            "rank": place if among[i] else None,
            "rank_low": int(best[i]) if among[i] else None,
            "rank_high": int(worst[i]) if among[i] else None,
            "rating": round(float(made.ratings()[i]), 6),
            "low": round(float(low[i]), 6),
            "high": round(float(high[i]), 6),
            "votes": round(float(made.votes[i])),
        }
        for place, i in enumerate(order, 1)
    ]


def parameters_of(edition: Board, category: str) -> dict[str, Any]:
    """How a category's standings follow from the edition's ballots, as `python -m rating fit --config` reads it."""
    minimum = edition.parameters["minimum_votes"]
    return parameters(Settings(intervals=INTERVALS, minimum_votes=minimum, category=category))
