"""The components of a composite score as grounds of a decision: what is entered, and the arena by its votes."""

from collections.abc import Collection
from typing import Literal

from leaderboard.components import Arena, Normalisation
from leaderboard.models import Round
from leaderboard.scoring.components import sheet_of
from rating.decision import Part


def parts_of(contest: Round, competing: Collection[str]) -> tuple[Part, ...]:
    """Every component of the round's score; who has no score in one is not among its scores. () for the arena's."""
    slugs = sorted(competing)
    sheet = sheet_of(contest, slugs)
    if sheet is None:
        return ()
    parts = []
    for rule in sheet.rules.components:
        if isinstance(rule, Arena):
            way: Literal["rank", "min-max"] = "rank" if rule.normalisation == Normalisation.RANK else "min-max"
            parts.append(Part(rule.name, rule.weight, way, places=rule.places))
            continue
        made = sheet.scored[rule.name]
        whole = len(made.scores) == len(slugs)
        parts.append(
            Part(
                rule.name,
                rule.weight,
                rule.normalisation.value,
                rule.top if rule.normalisation == "share" else None,
                scores=dict(made.scores),
                covariance=tuple(map(tuple, made.covariance.tolist())) if whole else None,
            )
        )
    return tuple(parts)
