"""When a cut can be called: verdicts that stay right however often somebody looks, and how far away they are."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from rating.errors import BadSetting
from rating.fitting import ELO_PER_NAT, Fit, quantile
from rating.ranks import DIGITS, Mask, best_first, candidates, inverse_errors

Floats = NDArray[np.float64]

Verdict = Literal["safe", "out", "open"]

# Elo points; gaps that the open-ended bound looks for: those that votes can tell and riggers cannot make.
USUAL_GAP, GAPS_SPREAD = 30.0, 15.0
BAND = 12.0  # Elo points; what riggers can move that no anonymous defence stops
LEAST_VOTERS = 20  # whose removal may turn a cut that is certified
FARTHEST = 1e6  # times the votes so far; what needs more cannot be said
HALVINGS = 40  # of the search for the votes still needed
TENTH = float(ndtri(0.9))


@dataclass(frozen=True, slots=True)
class OverTheLine:
    """Two players on either side of the line."""

    below: int
    above: int
    gap: float
    """Elo points, 0 or more."""

    z: float
    """The gap in standard errors; 0 where the votes do not compare the two."""

    bound: float | None
    """What z has to reach; None where the votes do not compare the two."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Votes still needed, if the board goes on as it went: in one case of ten fewer than `low`, in nine than `high`.

    None where that cannot be said: no lock before the deadline, or none within a million times the votes so far.
    """

    low: int | None
    median: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Lock:
    """Whether the cut is called, for the whole board and for each player."""

    locked: bool
    """Every player below the line is surely weaker than every player above it."""

    players: tuple[Verdict | None, ...]
    """(n,): "safe" surely stays, "out" surely goes; None for those whom the cut is not about."""

    pair: OverTheLine
    """The pair that holds the lock open, farthest from its bound; once locked, the one nearest to it."""

    needed: Needed


@dataclass(frozen=True, slots=True)
class Certificate:
    """Whether a cut can be certified, and the pair over the line with the least to spare."""

    granted: bool
    below: int
    above: int
    gap: float
    """Elo points."""

    needs: float | None
    """Elo points the gap must exceed; None where the votes do not compare the two."""

    voters: int | None
    """The smallest set found whose removal turns the cut; None where no removal does."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What the votes say of ordered pairs of players, (k, k) each: i against j."""

    z: Floats
    """(θ_i − θ_j)/σ_ij; 0 where the votes do not compare the two."""

    information: Floats
    """1/σ_ij², nats⁻²; 0 where they do not."""

    share: Floats | None
    """Of all information that will have come in at the deadline; None without a deadline."""


def lock_verdict(
    board: Fit,
    below: int,
    *,
    planned_votes: float | None = None,
    planned_information: ArrayLike | None = None,
    alpha: float = 0.05,
    among: Mask | None = None,
) -> Lock:
    """Is it sure who the `below` weakest are, though the board has been looked at after every vote?

    planned_votes: the weight of all votes at a deadline, where pairs meet in fixed proportions; planned_information:
    nats⁻², a number or (n, n), the 1/Var(θ_i − θ_j) expected at the deadline, where sampling adapts. With neither
    there is no deadline: the bound of a normal mixture then holds for ever, and under any sampling. A plan may not
    be exceeded: its bound holds up to the deadline only.
    alpha: the chance of ever locking a wrong cut, which two players exactly tied at the line come closest to; each
    of the two is wrong half the time, so that each side has alpha/2, and the more players are tied the rarer all
    pairs agree. A verdict on one player needs only some pairs, so it pays for all pairs that could be wrong: each
    has alpha/(below · (players − below)).
    among: mask (n,) of the players whom the cut is about. Raises BadSetting.

    Lan & DeMets (1983), Biometrika 70, and the reflection principle; Robbins (1970), Ann. Math. Statist. 41(5),
    for the mixture; see Howard, Ramdas, McAuliffe & Sekhon (2021), Ann. Statist. 49(2).
    """
    if not 0 < alpha < 1:
        raise BadSetting(f"the chance of a wrong lock must lie between 0 and 1, not {alpha}")
    ids, line = line_of(board, below, among)
    standing = standing_of(board, ids, planned_votes, planned_information)
    bounds = bounds_of(standing.information, standing.share, alpha / 2)
    over = np.s_[:line, line:]
    short = (bounds - standing.z)[over]
    i, j = np.unravel_index(np.argmax(short), short.shape)
    locked = bool((short <= 0).all())
    return Lock(
        locked=locked,
        players=verdicts(len(board.strengths), ids, line, locked, surely_above(standing, line, alpha)),
        pair=pair_of(board, ids, standing, bounds, (int(i), int(j) + line)),
        needed=votes_needed(standing, over, alpha / 2, float(board.votes.sum()) / 2),
    )


def line_of(board: Fit, below: int, among: Mask | None) -> tuple[NDArray[np.intp], int]:
    """The ids of the candidates, strongest first, and how many of them stay. Raises BadSetting."""
    ids = best_first(board, candidates(board, among))
    if not 1 <= below < ids.size:
        raise BadSetting(
            f"a cut of {ids.size} players must be below at least 1 and at most {ids.size - 1} of them, not {below}"
        )
    return ids, ids.size - below


def standing_of(
    board: Fit, ids: NDArray[np.intp], planned_votes: float | None, planned_information: ArrayLike | None
) -> Standing:
    """What the votes say of these players. A player whom only the prior holds is compared with nobody."""
    errors = inverse_errors(board.covariance[np.ix_(ids, ids)])
    known = board.determined[ids]
    errors *= known[:, None] & known
    strengths = np.round(board.strengths[ids], DIGITS)
    share = share_of(board, ids, errors**2, planned_votes, planned_information)
    return Standing((strengths[:, None] - strengths) * errors, errors**2, share)


def share_of(
    board: Fit,
    ids: NDArray[np.intp],
    information: Floats,
    planned_votes: float | None,
    planned_information: ArrayLike | None,
) -> Floats | None:
    """The share (k, k) of the information planned that is there. Raises BadSetting."""
    if planned_votes is not None and planned_information is not None:
        raise BadSetting("a deadline is planned by votes or by information, not by both")
    if planned_votes is not None:
        votes = float(board.votes.sum()) / 2
        if not (math.isfinite(planned_votes) and 0 < planned_votes >= votes):
            raise BadSetting(f"a plan of {planned_votes} votes cannot hold the {votes:g} that are counted")
        return np.full_like(information, votes / planned_votes)
    if planned_information is None:
        return None
    n = len(board.strengths)
    planned = np.asarray(planned_information, dtype=np.float64)
    if planned.shape not in ((), (n, n)):
        raise BadSetting(f"planned information is a number or has the shape ({n}, {n}), not {planned.shape}")
    planned = np.broadcast_to(planned, (n, n))[np.ix_(ids, ids)]
    apart = ~np.eye(ids.size, dtype=np.bool_)
    if not (np.isfinite(planned) & (planned > 0) & (planned >= information))[apart].all():
        raise BadSetting("planned information must be a positive number that no pair has exceeded")
    return np.divide(information, planned, out=np.zeros_like(information), where=apart)


def bounds_of(information: Floats, share: Floats | None, error: float) -> Floats:
    """What z must reach, of the same shape; infinite where there is no information.

    error: the chance that it ever does where the two players are equal, on this side. With a deadline, z √share
    is a Brownian motion at the time `share`, whose maximum up to 1 exceeds c with probability 2(1 − Φ(c)).
    Without, see `open_ended`.
    """
    there = information > 0
    if share is not None:
        there = there & (share > 0)
        return np.where(there, ndtri(1 - error / 2) / np.sqrt(np.where(there, share, 1.0)), np.inf)
    return np.where(there, open_ended(np.where(there, information, 1.0), error), np.inf)


def open_ended(information: Floats, error: float) -> Floats:
    """The bound that z = S/√I passes with a chance of `error` at most, ever, between equals.

    If the gap were δ, S at the information I would be likelier by exp(δS − δ²I/2). A mean of that over gaps is a
    martingale where the gap is 0, and so ever reaches 1/error with the chance `error` at most (Ville); where the
    gap is below 0, S is the lower, and passes more rarely. Over normal gaps of mean μ and variance s², all those that
    one expects on this side, it is exp((s²S² + 2μS − μ²I)/(2(1 + s²I)))/√(1 + s²I): the bound solves s²S² + 2μS = c,
    c = μ²I + (1 + s²I)(log(1 + s²I) − 2 log error).
    """
    mean, variance = USUAL_GAP / ELO_PER_NAT, (GAPS_SPREAD / ELO_PER_NAT) ** 2
    wider = 1 + variance * information
    c = mean**2 * information + wider * (np.log(wider) - 2 * math.log(error))
    bounds: Floats = c / (mean + np.sqrt(mean**2 + variance * c)) / np.sqrt(information)
    return bounds


def surely_above(standing: Standing, line: int, alpha: float) -> Mask:
    """(k, k), whether i is surely stronger than j, for verdicts on one player each.

    A false "safe" or "out" puts one who truly stays below one who truly goes: there are line · (k − line) such
    pairs, and their errors add up to alpha at most.
    """
    wrong = line * (len(standing.z) - line)
    return standing.z >= bounds_of(standing.information, standing.share, min(alpha / 2, alpha / wrong))


def verdicts(n: int, ids: NDArray[np.intp], line: int, locked: bool, above: Mask) -> tuple[Verdict | None, ...]:
    """The verdict on each player, (n,); ids: strongest first, `line` of them stay; above: see `surely_above`."""
    safe = above.sum(axis=1) >= ids.size - line
    out = above.sum(axis=0) >= line
    if locked:
        safe = np.arange(ids.size) < line
        out = ~safe
    of: dict[int, Verdict] = {}
    for place, player in enumerate(ids.tolist()):
        of[player] = "safe" if safe[place] else "out" if out[place] else "open"
    return tuple(of.get(player) for player in range(n))


def pair_of(
    board: Fit, ids: NDArray[np.intp], standing: Standing, bounds: Floats, places: tuple[int, int]
) -> OverTheLine:
    """The pair at these places in the order of strength: one above the line, one below."""
    above, below = int(ids[places[0]]), int(ids[places[1]])
    bound = float(bounds[places])
    return OverTheLine(
        below=below,
        above=above,
        gap=ELO_PER_NAT * max(float(board.strengths[above] - board.strengths[below]), 0.0),
        z=float(standing.z[places]),
        bound=bound if math.isfinite(bound) else None,
    )


def votes_needed(standing: Standing, over: tuple[slice, slice], error: float, votes: float) -> Needed:
    """The votes until the last pair over the line reaches its bound, with what chance leaves open.

    If votes keep coming in the same proportions, information grows with them by a factor r. Of a gap of which
    nothing else is known, z is then normal with mean z₀√r and variance r − 1: (r − 1)/r by the noise of new votes,
    (r − 1)²/r because the gap itself is known to 1/√I₀ only. So z is beyond its bound at r with the probability q
    where z₀√r + Φ⁻¹(1 − q)√(r − 1) = bound(r).
    """
    growth = growth_needed(
        standing.z[over],
        standing.information[over],
        None if standing.share is None else standing.share[over],
        error,
    )
    low, median, high = (math.ceil((r - 1) * votes) if math.isfinite(r) else None for r in growth)
    return Needed(low, median, high)


def growth_needed(z: Floats, information: Floats, share: Floats | None, error: float) -> list[float]:
    """r of the slowest pair with the probabilities .1, .5 and .9: the factor by which the votes must grow.

    Infinite where no factor is enough. The function of r crosses 0 once, from below: it is bisected in log r.
    """
    tail = np.array([TENTH, 0.0, -TENTH])[:, None, None]

    def ahead(r: Floats) -> Mask:
        bounds = bounds_of(information * r, None if share is None else share * r, error)
        there: Mask = z * np.sqrt(r) + tail * np.sqrt(r - 1) >= bounds
        return there

    low = np.ones((3, *z.shape))
    high = low * (FARTHEST if share is None else 1 / np.maximum(share, 1 / FARTHEST))
    never = ~ahead(high).all(axis=(1, 2))
    high = np.where(ahead(low), low, high)
    for _ in range(HALVINGS):
        middle = np.sqrt(low * high)
        there = ahead(middle)
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    slowest: list[float] = np.where(never, np.inf, high.max(axis=(1, 2))).tolist()
    return slowest


def certificate(
    board: Fit,
    below: int,
    *,
    voters: int | None,
    band: float = BAND,
    level: float = 0.95,
    among: Mask | None = None,
) -> Certificate:
    """Can the cut be certified against chance, and against those who vote in bad faith?

    Every gap over the line must exceed its own error and a band; and the smallest set of voters found whose removal
    turns the cut must hold 20 at least.
    voters: that number, as `robustness_margin` finds it by voters; None where no removal turns the cut. band: Elo
    points that riggers can move unnoticed; level: of the gap's interval. among: mask (n,) of the players whom the
    cut is about. Raises BadSetting.
    """
    ids, line = line_of(board, below, among)
    standing = standing_of(board, ids, None, None)
    over = np.s_[:line, line:]
    known = standing.information[over] > 0
    errors = np.where(known, 1 / np.sqrt(np.where(known, standing.information[over], 1.0)), np.inf)
    strengths = board.strengths[ids]
    gap = ELO_PER_NAT * (strengths[:line, None] - strengths[line:])
    needs = np.maximum(quantile(level) * ELO_PER_NAT * errors, band)
    i, j = np.unravel_index(np.argmin(gap - needs), gap.shape)
    need = float(needs[i, j])
    return Certificate(
        granted=bool((gap > needs).all()) and (voters is None or voters >= LEAST_VOTERS),
        below=int(ids[line + j]),
        above=int(ids[i]),
        gap=float(gap[i, j]),
        needs=need if math.isfinite(need) else None,
        voters=voters,
    )
