"""From marks to scores: exact fractions, with the errors of those that have one.

A test's error is as entered, or that of a share of right answers. A panel's judges are taken for a sample of all who
might judge: a mean over them is as uncertain as they differ, and a judge who is strict with everybody shifts all alike,
which does not blur who is last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from leaderboard.components import Benchmark, Panel, Part
from leaderboard.models import Mark

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Missing:
    """What a score waits for."""

    component: str
    slug: str
    section: str = ""
    test: str = ""
    judges: int = 0
    """How many more judges have to mark."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A component's scores by slug, and their covariance in the order of all slugs; what is missing beside."""

    scores: Mapping[str, Fraction]
    covariance: Floats
    missing: tuple[Missing, ...]


def scored(rule: Benchmark | Panel, marks: Sequence[Mark], slugs: Sequence[str]) -> Scored:
    """The scores that these marks, all of one component and in force, give these entries."""
    there = [mark for mark in marks if mark.value is not None and mark.part.entry.slug in slugs]
    if isinstance(rule, Panel) and rule.marks == "judges":
        return judged(rule, there, slugs)
    return tested(rule, there, slugs)


def tested(rule: Benchmark | Panel, marks: Sequence[Mark], slugs: Sequence[str]) -> Scored:
    """Parts added up, each the mean of its tests. Errors of different marks are independent."""
    found = {(mark.part.entry.slug, mark.section, mark.test): mark for mark in marks}
    scores, variances, missing = {}, np.zeros(len(slugs)), []
    for place, slug in enumerate(slugs):
        total, variance, lacks = Fraction(0), 0.0, []
        for section, test, share, top in pieces(rule):
            mark = found.get((slug, section, test))
            if mark is None or mark.value is None:
                lacks.append(Missing(rule.name, slug, section, test))
                continue
            total += share * Fraction(mark.value)
            variance += (float(share) * error_of(mark, top)) ** 2
        missing += lacks
        if not lacks:
            scores[slug], variances[place] = total, variance
    return Scored(scores, np.diag(variances), tuple(missing))


def pieces(rule: Benchmark | Panel) -> list[tuple[str, str, Fraction, Decimal]]:
    """Each mark that a score is made of: its part, its test, what one of its points counts, and the highest mark."""
    if isinstance(rule, Panel) or not rule.parts:
        return [("", "", Fraction(1), rule.top)]
    return [(part.name, test, share_of(part), part.top) for part in rule.parts for test in part.tests or ("",)]


def share_of(part: Part) -> Fraction:
    return Fraction(part.points) / Fraction(part.top) / max(1, len(part.tests))


def error_of(mark: Mark, top: Decimal) -> float:
    """The standard error of a mark: as entered, or of a share of right answers; 0 where neither is known.

    Two right and two wrong answers are added first, lest a perfect score look certain: Agresti and Coull (1998).
    """
    if mark.error is not None:
        return float(mark.error)
    if mark.items is None or mark.value is None:
        return 0.0
    n = mark.items + 4
    share = (float(mark.value / top) * mark.items + 2) / n
    return float(top) * sqrt(share * (1 - share) / n)


def judged(rule: Panel, marks: Sequence[Mark], slugs: Sequence[str]) -> Scored:
    """The mean of the judges who marked an entry, all of them or without its highest and lowest mark."""
    given: dict[str, dict[int, Fraction]] = {slug: {} for slug in slugs}
    for mark in marks:
        if mark.judge_id is not None and mark.value is not None:
            given[mark.part.entry.slug][mark.judge_id] = Fraction(mark.value)
    judges = sorted({judge for theirs in given.values() for judge in theirs})
    scores, missing = {}, []
    pulls = np.zeros((len(judges), len(slugs)))
    for place, slug in enumerate(slugs):
        theirs = given[slug]
        if len(theirs) < rule.fewest_judges:
            missing.append(Missing(rule.name, slug, judges=rule.fewest_judges - len(theirs)))
            continue
        scores[slug] = together(rule, list(theirs.values()))
        for judge, pull in pulls_of(rule, theirs).items():
            pulls[judges.index(judge), place] = pull
    return Scored(scores, pulls.T @ pulls, tuple(missing))


def together(rule: Panel, marks: Sequence[Fraction]) -> Fraction:
    kept = sorted(marks)[1:-1] if rule.together == "trimmed" else marks
    return sum(kept, Fraction(0)) / len(kept)


def pulls_of(rule: Panel, marks: Mapping[int, Fraction]) -> dict[int, float]:
    """How far each judge moves the mean, so that the products summed over judges are its covariance.

    Of the plain mean their squares sum to s²/n. Of the trimmed one, highest and lowest are taken for their neighbours:
    Tukey and McLaughlin (1963).
    """
    n = len(marks)
    if n < 2:
        return dict.fromkeys(marks, 0.0)
    order = sorted(marks.values())
    low, high, kept = (order[1], order[-2], n - 2) if rule.together == "trimmed" else (order[0], order[-1], n)
    near = {judge: float(min(max(mark, low), high)) for judge, mark in marks.items()}
    middle = sum(near.values()) / n
    return {judge: (value - middle) / kept * sqrt(n / (n - 1)) for judge, value in near.items()}
