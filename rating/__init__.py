"""Ratings from pairwise votes: integers in, floats with their uncertainty out. numpy and scipy, no web.

names, tally = read_ballots("ballots.jsonl")
board = fit(tally)
board.ratings(), board.intervals(), board.ranks()
"""

from rating.asymmetry import asymmetry
from rating.ballots import Ballots, joined
from rating.bootstrap import bootstrap
from rating.categories import Categories, Category, fit_categories
from rating.composite import Component, Composite, arena_component, component_told, composite_of, rounded
from rating.contextual import Contextual, fit_contextual, style_features
from rating.covariance import Intervals
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
from rating.files import Row, read_ballots, read_rows, read_votes
from rating.fitting import Fit, fit
from rating.labels import STYLE
from rating.live import Live, Running
from rating.lock import Certificate, Lock, Needed, OverTheLine, certificate, lock_verdict
from rating.outcomes import OUTCOME_NAMES, Outcome, outcome_named
from rating.ranks import rank_sets, rank_upper_bounds
from rating.robustness import Margin, robustness_margin
from rating.sampling import Design, Draw, arena_probabilities, draw_pair, pair_probabilities, uniform_probabilities
from rating.settings import Anchor, Settings, parameters
from rating.shares import share_interval
from rating.standings import standings
from rating.tally import Tally

__all__ = [
    "OUTCOME_NAMES",
    "STYLE",
    "Anchor",
    "BadCounts",
    "BadFeatures",
    "BadFile",
    "BadSetting",
    "BadWeight",
    "Ballots",
    "Categories",
    "Category",
    "Certificate",
    "Component",
    "Composite",
    "Contextual",
    "Design",
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
    "Settings",
    "Tally",
    "UnknownOutcome",
    "arena_component",
    "arena_probabilities",
    "asymmetry",
    "bootstrap",
    "certificate",
    "component_told",
    "composite_of",
    "cut_probabilities",
    "draw_pair",
    "elo",
    "fit",
    "fit_categories",
    "fit_contextual",
    "joined",
    "lock_verdict",
    "outcome_named",
    "pair_probabilities",
    "parameters",
    "rank_sets",
    "rank_upper_bounds",
    "read_ballots",
    "read_rows",
    "read_votes",
    "robustness_margin",
    "rounded",
    "share_interval",
    "standings",
    "style_features",
    "uniform_probabilities",
]
