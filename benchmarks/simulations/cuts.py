"""Whether what falls with a probability of 30 % falls three times in ten."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.simulations.tables import Row, Table, scaled, share
from benchmarks.simulations.worlds import Floats, Voters, cast, strengths_at_large
from rating import cut_probabilities, fit

OFF = 0.05
PLAYERS = 12
SPREAD = 0.6  # nats


@dataclass(frozen=True, slots=True)
class Setting:
    """How true strengths are spread, how many fall, and who votes how much."""

    law: str
    below: int
    votes: int
    """A player."""

    voters: Voters | None = None
    judged: bool = True

    def strengths(self, random: np.random.Generator) -> Floats:
        """True strengths (n,), nats, of a standard deviation of SPREAD."""
        if self.law == "normal":
            drawn = random.normal(0, SPREAD, PLAYERS)
        elif self.law == "uniform":
            drawn = random.uniform(-1, 1, PLAYERS) * SPREAD * np.sqrt(3)
        else:
            drawn = random.standard_t(4, PLAYERS) * SPREAD / np.sqrt(2)
        centred: Floats = drawn - drawn.mean()
        return centred

    def __str__(self) -> str:
        by = "" if self.voters is None else f", {self.voters.number} voters, Zipf {self.voters.steepness}, tastes"
        only = "" if self.judged else " (for comparison)"
        return f"{self.law}, {self.below} of {PLAYERS} fall, {self.votes} votes a player{by}{only}"


SETTINGS = (
    Setting("normal", 3, 15),
    Setting("normal", 1, 30),
    Setting("normal", 3, 30),
    Setting("normal", 1, 60),
    Setting("normal", 3, 60),
    Setting("normal", 1, 250),
    Setting("uniform", 1, 60, judged=False),
    Setting("uniform", 3, 60, judged=False),
    Setting("heavy-tailed (t, 4 degrees)", 1, 60, judged=False),
    Setting("normal", 1, 60, Voters(60, 1.0, taste=0.8)),
    Setting("normal", 1, 250, Voters(60, 1.0, taste=0.8)),
)


def cuts(scale: float) -> Table:
    """Deciles of P(below the line) against how often such players were truly below it."""
    boards = scaled(3000, scale)
    return Table(
        "P(below the line): how often those fell who had a chance of …; 30 % ties",
        f"Goal: every decile of {boards} boards within {share(OFF)} of its mean probability, which stands in brackets, "
        "give or take two standard errors of the simulation, where strengths are normal, as the engine supposes. Where "
        "they are not, chances are off, and the table says by how much.",
        tuple(f"{place / 10:.1f}–{(place + 1) / 10:.1f}" for place in range(10)),
        tuple(partial(row, setting, boards) for setting in SETTINGS),
    )


def row(setting: Setting, boards: int, random: np.random.Generator) -> Row:
    """The shares that fell, by decile."""
    pairs = [fallen(setting, random) for _ in range(boards)]
    chances = np.concatenate([chance for chance, _ in pairs])
    fell = np.concatenate([truly for _, truly in pairs])
    decile = np.minimum((chances * 10).astype(int), 9)
    cells, missed = [], []
    for place in range(10):
        inside = decile == place
        if not inside.any():
            cells.append("–")
            continue
        expected, found = float(chances[inside].mean()), float(fell[inside].mean())
        cells.append(f"{share(found)} ({share(expected)})")
        chance = 2 * np.sqrt(expected * (1 - expected) / inside.sum())
        if setting.judged and abs(found - expected) > OFF + chance:
            missed.append(f"{share(found)} of those with {share(expected)}")
    return Row(str(setting), tuple(cells), tuple(missed))


def fallen(setting: Setting, random: np.random.Generator) -> tuple[Floats, Floats]:
    """P(below) of the players of a new board, and whether they truly are, 1 or 0, (n,) each."""
    strengths = setting.strengths(random)
    truth = strengths_at_large(strengths, setting.voters.taste if setting.voters else 0.0)
    ballots = cast(random, strengths, PLAYERS * setting.votes // 2, setting.voters)
    board = fit(ballots, intervals="cautious" if setting.voters else None, apart=True)
    chances = cut_probabilities(board, setting.below, draws=2000)
    return chances, (np.argsort(np.argsort(truth)) < setting.below).astype(np.float64)
