"""How often rank sets claim an order that is false, beside Chatbot Arena's upper bounds of ranks."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulations.tables import Row, Table, beyond, scaled, share
from benchmarks.simulations.worlds import Floats, Voters, cast, strengths_at_large
from rating import fit, rank_sets, rank_upper_bounds
from rating.fitting import ELO_PER_NAT

VOTES = (30, 250)  # a player
MOST = 0.05
PLAYERS = 12
ZIPF = Voters(60, 1.0, taste=0.8)


@dataclass(frozen=True, slots=True)
class Shape:
    """True strengths, and who votes."""

    name: str
    strengths: Floats
    voters: Voters | None = None


def steps(place: NDArray[np.intp], elo: float) -> Floats:
    """Strengths (n,), nats, so many Elo points a step apart."""
    return place.astype(np.float64) * (elo / ELO_PER_NAT)


EACH = np.arange(PLAYERS)
LADDER, PAIRS = steps(EACH, 25), steps(EACH // 2, 50)
SHAPES = (
    Shape("12 equal", np.zeros(PLAYERS)),
    Shape("12 on a ladder of 25 Elo", LADDER),
    Shape("6 pairs of equals, 50 Elo apart", PAIRS),
    Shape("6 equals and 6 equals, 100 Elo apart", steps(EACH // 6, 100)),
    Shape("11 equals, 1 ahead by 200 Elo", steps(EACH // 11, 200)),
    Shape("30 on a ladder of 10 Elo", steps(np.arange(30), 10)),
    Shape("12 equal, 60 voters, Zipf 1.0, tastes", np.zeros(PLAYERS), ZIPF),
    Shape("6 pairs of equals, 50 Elo apart, 60 voters, Zipf 1.0, tastes", PAIRS, ZIPF),
)


def ranks(scale: float) -> Table:
    """Boards with at least one false claim: that somebody is stronger who is not."""
    boards = scaled(2000, scale)
    columns = [
        f"{votes} votes a player: {what}" for votes in VOTES for what in ("rank sets", "rank_ub", "ranks in a set")
    ]
    return Table(
        "Boards with a false claim of order; 30 % ties",
        f"Goal: rank sets of level .95 on at most {share(MOST)} of {boards} boards, give or take two "
        "standard errors of the simulation. rank_ub for comparison; and how many ranks a set leaves on average.",
        tuple(columns),
        tuple(partial(row, shape, boards) for shape in SHAPES),
    )


def row(shape: Shape, boards: int, random: np.random.Generator) -> Row:
    """The shares of boards with a false claim."""
    cells, missed = [], []
    for votes in VOTES:
        sets, bounds, widths = np.mean([claims(shape, votes, random) for _ in range(boards)], axis=0)
        cells += [share(sets), share(bounds), f"{widths:.1f}"]
        if beyond(sets, MOST, boards):
            missed.append(f"{share(sets)} on {votes} votes a player")
    return Row(shape.name, tuple(cells), tuple(missed))


def claims(shape: Shape, votes: int, random: np.random.Generator) -> tuple[bool, bool, float]:
    """Whether the rank sets and the upper bounds of a new board say anything false, and how wide the sets are.

    A set says that low − 1 players are stronger and n − high weaker, a bound that bound − 1 are stronger.
    """
    players = shape.strengths.size
    ballots = cast(random, shape.strengths, players * votes // 2, shape.voters)
    board = fit(ballots, intervals="cautious" if shape.voters else None, apart=True)
    truth = strengths_at_large(shape.strengths, shape.voters.taste if shape.voters else 0.0)
    stronger = (truth[:, None] < truth - 1e-9).sum(axis=1)
    weaker = (truth[:, None] > truth + 1e-9).sum(axis=1)
    low, high = rank_sets(board)
    false = bool(((low - 1 > stronger) | (players - high > weaker)).any())
    bounds = rank_upper_bounds(board)
    return false, bool((bounds - 1 > stronger).any()), float((high - low + 1).mean())
