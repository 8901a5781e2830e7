"""Ratings from pairwise votes: integers in, floats with their uncertainty out. numpy and scipy, no web.

names, tally = read_ballots("ballots.jsonl")
board = fit(tally)
board.ratings(), board.intervals(), board.ranks()
"""

from rating.ballots import Ballots
from rating.covariance import Intervals
from rating.composite import Component, Composite, arena_component, composite_of, rounded
from rating.cut import cut_probabilities
from rating.elo import elo
from rating.errors import (
    BadCounts,
    BadFeatures,
    BadFile,
    BadSetting,
    BadWeight,
    Disconnected,
    Empty,
    NotConverged,
    RatingError,
    SelfBattle,
    UnknownOutcome,
)
from rating.files import Row, read_ballots, read_rows
from rating.fitting import Fit, fit
from rating.live import Live, Running
from rating.outcomes import OUTCOME_NAMES, Outcome, outcome_named
from rating.ranks import rank_sets, rank_upper_bounds
from rating.sampling import Design, Draw, arena_probabilities, draw_pair, pair_probabilities, uniform_probabilities
from rating.lock import Certificate, Lock, Needed, OverTheLine, certificate, lock_verdict
from rating.outcomes import OUTCOME_NAMES, Outcome, outcome_named
from rating.ranks import rank_sets, rank_upper_bounds
from rating.robustness import Margin, robustness_margin
from rating.tally import Tally

__all__ = [
    "OUTCOME_NAMES",
    "BadCounts",
    "BadFeatures",
    "BadFile",
    "BadSetting",
    "BadWeight",
    "Ballots",
    "Design",
    "Certificate",
    "Component",
    "Composite",
    "Disconnected",
    "Draw",
    "Empty",
    "Fit",
    "Intervals",
    "Live",
    "Lock",
    "Margin",
    "Needed",
    "NotConverged",
    "Outcome",
    "OverTheLine",
    "RatingError",
    "Row",
    "Running",
    "SelfBattle",
    "Tally",
    "UnknownOutcome",
    "arena_probabilities",
    "cut_probabilities",
    "draw_pair",
    "arena_component",
    "certificate",
    "composite_of",
    "cut_probabilities",
    "elo",
    "fit",
    "lock_verdict",
    "outcome_named",
    "pair_probabilities",
    "rank_sets",
    "rank_upper_bounds",
    "read_ballots",
    "read_rows",
    "uniform_probabilities",
    "robustness_margin",
    "rounded",
]
