"""A board in words and plain numbers: everything that is said of each player, best first."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from rating.ballots import Ballots
from rating.bootstrap import bootstrap
from rating.contextual import fit_contextual
from rating.covariance import Intervals
from rating.cut import cut_probabilities
from rating.errors import BadFeatures, BadSetting, NotConverged
from rating.fitting import ELO_MEAN, ELO_PER_NAT, Fit, fit, quantile
from rating.labels import STYLE
from rating.lock import lock_verdict
from rating.ranks import Mask, rank_sets, rank_upper_bounds
from rating.settings import Settings
from rating.tally import Tally, groups
from rating.totals import BothBad, Ties, totals_of

Votes = Tally | Ballots

LEVEL = 0.95
SEED = 20240814  # of the bootstrap: the same file gives the same board


def standings(names: Sequence[str], votes: Votes, settings: Settings | None = None) -> dict[str, Any]:
    """The board of these votes, as `python -m rating fit --json` prints it.

    names: of the players, by id. "players" are sorted by rank; "rating", "se", "low" and "high" (95 %) are in the
    unit of the scale; "rank_low" to "rank_high" hold for all players together with 95 % (`rank_sets`), "rank_ub"
    is Chatbot Arena's; "p_cut" is the probability of being among the `below` weakest, null without a cut. All of these
    are null for the unranked, who come last. "percent" is `Fit.percent_of` the reference, null without one. "tie" is
    ν of Davidson or θ of Rao and Kupper, "lock" what `lock_of` says of the cut, "style" what `styled` says, null where
    it is not asked for. Votes are weights where there are any.
    Raises what `fit` and `cut_probabilities` raise, BadSetting, and NotConverged where floats end.
    """
    try:
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            return board_in_words(list(names), votes, settings or Settings())
    except ArithmeticError as why:
        raise NotConverged("weights or a prior this far apart leave floating-point numbers no digits") from why


def board_in_words(names: Sequence[str], votes: Votes, settings: Settings) -> dict[str, Any]:
    """What `standings` returns."""
    board, style = styled(votes, settings) if settings.style else (fitted(votes, settings), None)
    ratings, errors = on_scale(names, board, settings)
    reach = quantile(LEVEL) * errors
    ranked = ranked_of(names, settings)
    low, high = rank_sets(board, level=LEVEL, among=ranked)
    nothing: list[float | None] = [None] * len(names)
    chances, lock = nothing, None
    if settings.below is not None:
        chances = of_ranked(cut_probabilities(board, settings.below, among=ranked), ranked)
        lock = lock_of(names, board, settings)
    percents = [nothing] * 3
    if settings.reference is not None:
        percents = [
            each.tolist() for each in board.percent_of(place_of(names, settings.reference, "the reference"), LEVEL)
        ]
    columns = {
        "name": names,
        "rating": ratings.tolist(),
        "se": errors.tolist(),
        "low": (ratings - reach).tolist(),
        "high": (ratings + reach).tolist(),
        "rank": of_ranked(ranks_among(board, ranked), ranked),
        "rank_low": of_ranked(low, ranked),
        "rank_high": of_ranked(high, ranked),
        "rank_ub": of_ranked(rank_upper_bounds(board, LEVEL, among=ranked), ranked),
        "votes": [whole(weight) for weight in board.votes.tolist()],
        "provisional": board.provisional(settings.minimum_votes).tolist(),
        "p_cut": chances,
        "percent": percents[0],
        "percent_low": percents[1],
        "percent_high": percents[2],
    }
    players = [dict(zip(columns, player, strict=True)) for player in zip(*columns.values(), strict=True)]
    return {
        "log_likelihood_per_vote": board.log_likelihood_per_vote,
        "votes": whole(float(board.votes.sum()) / 2),
        "voters": voters_of(votes),
        "tie": None if board.tie is None else math.exp(board.tie),
        "players": sorted(players, key=best_first),
        "lock": lock,
        "style": style,
    }


def best_first(player: dict[str, Any]) -> tuple[float, float]:
    """By rank; then the unranked, by rating."""
    return player["rank"] or math.inf, -player["rating"]


def place_of(names: Sequence[str], name: str, what: str) -> int:
    """The id of a player by name. Raises BadSetting."""
    if name not in names:
        raise BadSetting(f"there is no player {name!r} to be {what}")
    return names.index(name)


def ranked_of(names: Sequence[str], settings: Settings) -> Mask:
    """(n,), who is ranked. Raises BadSetting where an unranked name is nobody's, or nobody is left."""
    ranked = np.ones(len(names), dtype=np.bool_)
    ranked[[place_of(names, name, "unranked") for name in settings.unranked]] = False
    if not ranked.any():
        raise BadSetting("nobody is left to be ranked")
    return ranked


def ranks_among(board: Fit, ranked: Mask) -> NDArray[np.int64]:
    """Ranks (n,) of the ranked among each other; the others' say nothing."""
    order = np.argsort(board.ranks())
    ranks = np.zeros(order.size, dtype=np.int64)
    ranks[order] = np.cumsum(ranked[order])
    return ranks


def of_ranked(values: NDArray[Any], ranked: Mask) -> list[Any]:
    """The values as plain numbers, null for the unranked."""
    return [value if has else None for value, has in zip(values.tolist(), ranked, strict=True)]


def lock_of(names: Sequence[str], board: Fit, settings: Settings) -> dict[str, Any]:
    """Whether the cut is sure, who surely stays and goes, the pair that holds it open, and the votes still needed.

    "gap" is in the unit of the scale; see `lock_verdict`, which also says what is raised.
    """
    assert settings.below is not None  # who asks for a lock names a cut
    ranked = ranked_of(names, settings)
    found = lock_verdict(board, settings.below, planned_votes=settings.planned_votes, among=ranked)
    pair = found.pair
    return {
        "locked": found.locked,
        **{
            said: [names[i] for i, each in enumerate(found.players) if each == said] for said in ("safe", "out", "open")
        },
        "pair": {
            "below": names[pair.below],
            "above": names[pair.above],
            "gap": pair.gap if settings.scale == "elo" else pair.gap / ELO_PER_NAT,
            "z": pair.z,
            "bound": pair.bound,
        },
        "votes_needed": {"low": found.needed.low, "median": found.needed.median, "high": found.needed.high},
    }


def styled(votes: Votes, settings: Settings) -> tuple[Fit, list[dict[str, Any]]]:
    """The board of answers of the same style, and what each thing is worth; what no answer has is left out.

    "odds" is the factor by which one standard deviation more of a thing multiplies the odds, "low" to "high" its 95 %
    interval, "scale" the standard deviation. Raises BadFeatures.
    """
    if not isinstance(votes, Ballots) or votes.features is None:
        raise BadFeatures("these votes do not tell how their answers looked")
    told: Mask = np.atleast_1d(votes.features.any(axis=0))
    both_bad, intervals = cast(BothBad, settings.both_bad), cast(Intervals, intervals_for(votes, settings))
    made = fit_contextual(
        replace(votes, features=votes.features[:, told]), prior=settings.prior, both_bad=both_bad, intervals=intervals
    )
    things = [thing for thing, has in zip(STYLE, told, strict=True) if has]
    columns = [things, *(each.tolist() for each in (made.scales, *made.odds(LEVEL)))]
    return made.controlled, [
        dict(zip(("name", "scale", "odds", "low", "high"), row, strict=True)) for row in zip(*columns, strict=True)
    ]


def fitted(votes: Votes, settings: Settings) -> Fit:
    """The fit under these settings."""
    ties, both_bad = cast(Ties, settings.ties), cast(BothBad, settings.both_bad)
    intervals = intervals_for(votes, settings)
    resampled = intervals == "bootstrap"
    trusted = cast(Intervals, "fisher" if resampled else intervals)
    board = fit(votes, prior=settings.prior, ties=ties, both_bad=both_bad, intervals=trusted)
    if not resampled:
        return board
    by_voter = (voters_of(votes) or 0) > 1
    random = np.random.default_rng(SEED)
    covariance = bootstrap(votes, rng=random, prior=settings.prior, ties=ties, both_bad=both_bad, by_voter=by_voter)
    return replace(board, covariance=covariance)


def intervals_for(votes: Votes, settings: Settings) -> str:
    """What intervals rest on: what is asked for; else voters, where two or more are known; else votes."""
    return settings.intervals or ("cautious" if (voters_of(votes) or 0) > 1 else "sandwich")


def voters_of(votes: Votes) -> int | None:
    """How many voters there are, None where that is not known."""
    return votes.voters()[1] if isinstance(votes, Ballots) and votes.voter is not None else None


def on_scale(names: Sequence[str], board: Fit, settings: Settings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ratings and their standard errors in the unit of the scale, (n,) each. Raises BadSetting."""
    unit, origin = (ELO_PER_NAT, ELO_MEAN) if settings.scale == "elo" else (1.0, 0.0)
    if settings.anchor is not None:
        anchor = place_of(names, settings.anchor.name, f"the anchor at {settings.anchor.value:g}")
        board, origin = board.anchored(anchor), settings.anchor.value
    errors = unit * np.sqrt(np.maximum(np.diagonal(board.covariance), 0.0))
    return origin + unit * board.strengths, errors


def whole(weight: float) -> int | float:
    """The number, as an integer where it is one; sums of weights are off by a rounding error."""
    return round(weight) if abs(weight - round(weight)) <= 1e-9 * max(1.0, weight) else weight


def apart(names: Sequence[str], votes: Votes, settings: Settings) -> list[tuple[list[str], Votes]]:
    """The groups of players that votes which count join, each with its names and votes, the largest first."""
    points = totals_of(votes, ties=cast(Ties, settings.ties), both_bad=cast(BothBad, settings.both_bad)).points
    return [
        ([names[player] for player in members], among(votes, np.array(members)))
        for members in groups(points, strong=False)
    ]


def among(votes: Votes, members: NDArray[np.intp]) -> Votes:
    """The votes between these players, who get the ids 0, 1, … in their order."""
    if isinstance(votes, Tally):
        return Tally(votes.counts[np.ix_(members, members)])
    return votes.between(members)
