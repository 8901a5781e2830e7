"""The contest: rounds, who takes part, the boards the votes make, and what is decided by them."""

from leaderboard.models.boards import (
    BESIDE,
    Board,
    ByCategory,
    Export,
    Folded,
    Freeze,
    Margin,
    OfficialList,
    Standing,
    Status,
    StyleBoard,
)
from leaderboard.models.imports import ImportedBallot
from leaderboard.models.participations import Participation, ParticipationChange, ParticipationRole, ParticipationState
from leaderboard.models.rounds import (
    DECIDED,
    LIVE,
    UNOPENED,
    Actor,
    Proposal,
    Round,
    RoundState,
    RulebookVersion,
    Series,
    Transition,
)

__all__ = [
    "BESIDE",
    "DECIDED",
    "LIVE",
    "UNOPENED",
    "Actor",
    "Board",
    "ByCategory",
    "Export",
    "Folded",
    "Freeze",
    "ImportedBallot",
    "Margin",
    "OfficialList",
    "Participation",
    "ParticipationChange",
    "ParticipationRole",
    "ParticipationState",
    "Proposal",
    "Round",
    "RoundState",
    "RulebookVersion",
    "Series",
    "Standing",
    "Status",
    "StyleBoard",
    "Transition",
]
