"""Ratings from pairwise votes: integers in, floats with their uncertainty out. numpy and scipy, no web.

names, tally = read_ballots("ballots.jsonl")
board = fit(tally)
board.ratings(), board.intervals(), board.ranks()
"""

from rating.ballots import Ballots
from rating.bootstrap import bootstrap
from rating.categories import Categories, Category, fit_categories
from rating.contextual import Contextual, fit_contextual, style_features
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
from rating.tally import Tally

__all__ = [
    "OUTCOME_NAMES",
    "BadCounts",
    "BadFeatures",
    "BadFile",
    "BadSetting",
    "BadWeight",
    "Ballots",
    "Categories",
    "Category",
    "Contextual",
    "Disconnected",
    "Empty",
    "Fit",
    "Live",
    "NotConverged",
    "Outcome",
    "RatingError",
    "Row",
    "Running",
    "SelfBattle",
    "Tally",
    "UnknownOutcome",
    "bootstrap",
    "elo",
    "fit",
    "fit_categories",
    "fit_contextual",
    "outcome_named",
    "rank_sets",
    "rank_upper_bounds",
    "read_ballots",
    "read_rows",
    "style_features",
]
