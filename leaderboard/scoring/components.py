"""The components of a round's score, as `rating` adds them up: marks by the rulebook, and the arena by its votes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leaderboard.components import Arena, Benchmark, Normalisation, Panel
from leaderboard.counting import stored
from leaderboard.models import Folded, Judge, Mark, ParticipationRole, ParticipationState, Round
from leaderboard.rulebook import Rulebook, in_force
from leaderboard.scoring.adding import Missing, Scored, scored
from leaderboard.scoring.marks import in_force_marks
from leaderboard.scoring.panels import Competitors
from rating import Component, Disconnected, Fit, arena_component, rounded

Floats = NDArray[np.float64]
SCORED_STATES = (ParticipationState.COMPETING, ParticipationState.ELIMINATED)


class ScoresMissing(Exception):
    """The components cannot be added up yet; `missing` says of whom what is not there."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        named = (f"{one.component}: {one.slug}" + "/".join(["", one.section, one.test]).rstrip("/") for one in missing)
        super().__init__(", ".join(dict.fromkeys(named)))
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that is entered for a composite, by component, over these entries."""

    rules: Rulebook
    slugs: tuple[str, ...]
    scored: Mapping[str, Scored]
    """Of the components that are made of marks."""
    marks: Mapping[str, Sequence[Mark]]

    @property
    def missing(self) -> tuple[Missing, ...]:
        return tuple(one for scored in self.scored.values() for one in scored.missing)


def scored_slugs(contest: Round) -> tuple[str, ...]:
    """Whom the score is about: who competes, or did until the cut, by slug."""
    parts = contest.participations.exclude(role=ParticipationRole.REFERENCE).filter(state__in=SCORED_STATES)
    return tuple(parts.order_by("entry__slug").values_list("entry__slug", flat=True))


def sheet_of(contest: Round, slugs: Sequence[str] | None = None) -> Sheet | None:
    """The marks in force and what they make; None where the rulebook has no components.

    Of a judge who has come to belong to a team that competes, no mark counts.
    """
    rules = in_force(contest)
    if not rules.components:
        return None
    whom = scored_slugs(contest) if slugs is None else tuple(slugs)
    barred = judges_barred(contest)
    marks: dict[str, list[Mark]] = {one.name: [] for one in rules.components}
    for mark in in_force_marks(contest):
        if mark.component in marks and mark.judge_id not in barred:
            marks[mark.component].append(mark)
    made = {one.name: scored(one, marks[one.name], whom) for one in rules.components if not isinstance(one, Arena)}
    return Sheet(rules, whom, made, marks)


def judges_barred(contest: Round) -> set[int | None]:
    competitors = Competitors.of(contest)
    return {one.pk for one in Judge.objects.filter(round=contest) if competitors.team_of(one)}


def component_of(contest: Round, sheet: Sheet, rule: Benchmark | Panel | Arena) -> Component:
    """One component of a sheet on which it is complete. Raises ScoresMissing."""
    if isinstance(rule, Arena):
        return arena_of(contest, sheet, rule)
    made = sheet.scored[rule.name]
    return Component(
        rule.name,
        rule.weight,
        tuple(made.scores[slug] for slug in sheet.slugs),
        rule.normalisation.value,
        rule.top if rule.normalisation == "share" else None,
        made.covariance,
    )


def arena_of(contest: Round, sheet: Sheet, rule: Arena) -> Component:
    """The newest board's ratings. Raises ScoresMissing for whom no chain of votes joins to the others."""
    slugs, made = newest_fit(contest)
    if lost := [slug for slug in sheet.slugs if slug not in slugs]:
        raise ScoresMissing([Missing(rule.name, slug) for slug in lost])
    place = {slug: n for n, slug in enumerate(slugs)}
    order = [place[slug] for slug in sheet.slugs]
    among = np.zeros(len(slugs), dtype=np.bool_)
    among[order] = True
    way: Literal["min-max", "rank"] = "rank" if rule.normalisation == Normalisation.RANK else "min-max"
    whole = arena_component(made, rule.weight, name=rule.name, normalisation=way, places=rule.places, among=among)
    # It lists them as the board does; the sheet may want another order.
    ranks = np.argsort(np.argsort(order))
    covariance = np.asarray(whole.covariance)[np.ix_(ranks, ranks)]
    return replace(whole, scores=tuple(whole.scores[rank] for rank in ranks), covariance=covariance)


def newest_fit(contest: Round) -> tuple[list[str], Fit]:
    """The slugs on the newest board, and the fit of its votes. Raises ScoresMissing where votes do not join all."""
    folded = Folded.objects.get(series_id=contest.series_id)
    try:
        return folded.slugs, stored(folded, contest).fit()
    except Disconnected as why:
        apart = [folded.slugs[player] for group in why.components[1:] for player in group]
        arena = next(one for one in in_force(contest).components if isinstance(one, Arena))
        raise ScoresMissing([Missing(arena.name, slug) for slug in apart]) from None


def spelt(number: Fraction) -> str:
    """Exactly: a decimal where it ends, else a fraction."""
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(number)
    places = 0
    while (number * 10**places).denominator != 1:
        places += 1
    return str(rounded(number, places))
