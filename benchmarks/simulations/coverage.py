"""How often 95 % intervals hold the truth, by votes a player, number of players and kind of voters."""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.special import ndtri

from benchmarks.simulations.tables import Row, Table, scaled, share
from benchmarks.simulations.worlds import Floats, Voters, cast, normal_strengths, strengths_at_large
from rating import Intervals, fit

VOTES = (7, 15, 30, 60, 120, 250)  # a player
LEAST, MOST = 0.93, 0.97
REACH = float(ndtri(0.975))
FEWEST_VOTERS = 6
TASTE = 0.8  # nats: voters differ by 139 Elo points about each player


@dataclass(frozen=True, slots=True)
class Setting:
    """Who plays and who votes. Without votes each, every vote is a draw of its own."""

    players: int
    spread: float = 0.6
    """nats, the standard deviation of true strengths; .6 are 104 Elo points."""

    each: int = 0
    """Votes a voter on average."""

    kind: Voters | None = None
    intervals: Intervals = "cautious"
    """Where votes have voters."""

    def voters(self, votes: int) -> Voters | None:
        """Those who cast so many votes."""
        return replace(self.kind, number=max(FEWEST_VOTERS, votes // self.each)) if self.kind else None

    def __str__(self) -> str:
        who = f"{self.players} players, {174 * self.spread:.0f} Elo apart"
        if self.kind is None:
            return f"{who}; votes by themselves"
        how = f"Zipf {self.kind.steepness}" if self.kind.steepness else f"log-normal {self.kind.spread}"
        how = how if self.kind.steepness or self.kind.spread else "all alike"
        taste = "tastes" if self.kind.taste else "no tastes"
        by = "" if self.intervals == "cautious" else f"; intervals: {self.intervals}"
        return f"{who}; {self.each} votes a voter, {how}, {taste}{by}"


ZIPF, STEEP, LOG_NORMAL = Voters(0, 1.0, taste=TASTE), Voters(0, 1.3, taste=TASTE), Voters(0, spread=1.5, taste=TASTE)
SETTINGS = (
    Setting(4),
    Setting(8),
    Setting(12, 0.3),
    Setting(12),
    Setting(12, 1.0),
    Setting(30),
    Setting(8, 0.6, 20, Voters(0)),
    Setting(12, 0.6, 20, Voters(0, 1.0)),
    Setting(8, 0.6, 20, Voters(0, taste=TASTE)),
    Setting(8, 0.6, 8, ZIPF),
    Setting(20, 0.6, 8, ZIPF),
    Setting(12, 0.6, 20, LOG_NORMAL),
    Setting(8, 0.6, 30, ZIPF),
    Setting(20, 0.6, 30, ZIPF),
    Setting(12, 0.6, 30, STEEP),
)
FOR_COMPARISON = (
    Setting(12, 0.6, 30, STEEP, "cluster"),
    Setting(20, 0.6, 8, ZIPF, "cluster"),
    Setting(12, 0.6, 30, STEEP, "sandwich"),
)


def coverage(scale: float) -> Table:
    """Intervals of strengths about their mean, against the true strengths about theirs."""
    intervals = scaled(10_000, scale)
    rows = [partial(row, setting, intervals) for setting in SETTINGS]
    rows += [partial(row, setting, intervals // 4) for setting in FOR_COMPARISON]
    return Table(
        "Coverage of 95 % intervals, by votes a player; 30 % ties",
        f"Goal: {share(LEAST)} to {share(MOST)}, give or take two standard errors of the simulation. In brackets: how "
        "many voters of equal weight the voters are worth. "
        "Intervals are cautious where votes have voters; the last lines, where they are not, are there for comparison.",
        tuple(str(votes) for votes in VOTES),
        tuple(rows),
    )


def row(setting: Setting, intervals: int, random: np.random.Generator) -> Row:
    """The coverage of about so many intervals for each number of votes."""
    cells, missed = [], []
    for votes in VOTES:
        voters = setting.voters(setting.players * votes // 2)
        held = [covered(setting, votes, voters, random) for _ in range(1 + intervals // setting.players)]
        found = float(np.mean(held))
        # Intervals of one board miss together, so that a board is the unit.
        chance = 2 * float(np.std(np.mean(held, axis=1))) / math.sqrt(len(held))
        worth = "" if voters is None else f" ({1 / (voters.shares() ** 2).sum():.0f})"
        cells.append(share(found) + worth)
        if not LEAST - chance <= found <= MOST + chance and setting.intervals == "cautious":
            missed.append(f"{share(found)} on {votes} votes a player")
    return Row(str(setting), tuple(cells), tuple(missed))


def covered(setting: Setting, votes: int, voters: Voters | None, random: np.random.Generator) -> Floats:
    """Whose interval holds the truth on a new board, (players,), 1 or 0."""
    strengths = normal_strengths(random, setting.players, setting.spread)
    ballots = cast(random, strengths, setting.players * votes // 2, voters)
    truth = strengths_at_large(strengths, 0.0 if voters is None else voters.taste)
    board = fit(ballots, intervals=setting.intervals if voters else "sandwich", apart=True)
    errors = np.sqrt(np.diagonal(board.covariance))
    inside: Floats = (np.abs(board.strengths - truth) <= REACH * errors).astype(np.float64)
    return inside
