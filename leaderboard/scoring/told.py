"""Scores as the page, the API and the files tell them: every figure exact and as printed, and what is missing."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from leaderboard.components import Arena, Panel
from leaderboard.editions import newest, served
from leaderboard.models import DECIDED, UNOPENED, Decision, Mark, Round, RoundState
from leaderboard.rulebook import Rulebook, in_force
from leaderboard.scoring.adding import Missing
from leaderboard.scoring.components import ScoresMissing, Sheet, component_of, sheet_of, spelt
from leaderboard.timeline import public_round
from rating import Component, Composite, composite_of, rounded


def public_scores(key: str, *, edition: int | None = None) -> dict[str, Any] | None:
    """A round's scores as far as they are public, without components where the rating decides alone; None: no round.

    edition: as they stood with this edition of the decision; None, too, where none were kept with it.
    """
    contest = public_round(key)
    if contest is None:
        return None
    now = told(contest, all_of_it=False)
    kept = {one.edition: one for one in contest.decisions.exclude(scores="").order_by("edition")}
    if edition is not None and edition not in kept:
        return None
    found = {"state": contest.state, **scores_of(kept[edition])} if edition is not None else now
    editions = [
        {
            "edition": number,
            "at": one.at.isoformat(),
            "as_now": marks_in(scores_of(one)) == marks_in(now),
        }
        for number, one in kept.items()
    ]
    return found | {"edition": edition, "editions": editions}


def scores_public(contest: Round, rules: Rulebook) -> bool:
    """Whether the rulebook lets everybody see what has been entered."""
    if contest.state in UNOPENED:
        return False
    if rules.scores_public == "at_once" or contest.state in DECIDED:
        return True
    # An annulled round's result was public if it was ever published.
    return contest.state == RoundState.ANNULLED and contest.transitions.filter(to_state__in=DECIDED).exists()


def scores_with_result(contest: Round) -> str:
    """The scores as they are published with the result that is being decided, as JSON; "" where there are none.

    Kept with the decision: a mark that is corrected later makes others, and changes none of these.
    """
    found = told(contest, all_of_it=False, decided=True)
    return json.dumps(without_state(found), ensure_ascii=False) if found["components"] else ""


def without_state(found: dict[str, Any]) -> dict[str, Any]:
    """Less what goes on changing while the scores stay."""
    return {name: value for name, value in found.items() if name != "state"}


def marks_in(found: dict[str, Any]) -> list[Any]:
    """All that was entered, component by component."""
    return [one["marks"] for one in found["components"]]


def scores_of(decision: Decision) -> dict[str, Any]:
    """The scores as they were kept with a decision."""
    found: dict[str, Any] = json.loads(decision.scores)
    return found


def told(contest: Round, *, all_of_it: bool = True, decided: bool = False) -> dict[str, Any]:
    """The scores of a round. all_of_it: also what is not public, for organizers; decided: as with its result."""
    rules = in_force(contest)
    public = decided or scores_public(contest, rules)
    shown = all_of_it or public
    head = {
        "round": contest.number,
        "key": contest.key,
        "series": contest.series.slug,
        "title": contest.series.title,
        "title_ko": contest.series.title_ko,
        "state": contest.state,
        "public": public,
        "cut_size": rules.cut_size,
        "total": str(rules.total),
        "total_places": rules.total_places,
    }
    sheet = sheet_of(contest)
    if sheet is None:
        return head | {"components": [], "entries": [], "average": None, "missing": []}
    added = Added.of(contest, sheet, live=all_of_it or decided) if shown else None
    return head | {
        "components": [component_told(sheet, added, one, all_of_it=all_of_it) for one in rules.components],
        "entries": entries_told(contest, sheet, added) if added else [],
        "average": average_told(rules, added) if added else None,
        "missing": [missing_told(one) for one in added.missing] if added else [],
    }


@dataclass(frozen=True, slots=True)
class Added:
    """What can be added up by now: components that are complete, and the whole once all of them are."""

    slugs: tuple[str, ...]
    complete: dict[str, Component]
    whole: Composite | None
    missing: tuple[Missing, ...]

    @classmethod
    def of(cls, contest: Round, sheet: Sheet, *, live: bool) -> "Added":
        complete, missing = {}, list(sheet.missing)
        for rule in sheet.rules.components:
            if isinstance(rule, Arena):
                # While the public board stands still, nobody is told how the votes behind it go.
                if not live and served(contest.series) != newest(contest.series):
                    missing += [Missing(rule.name, slug) for slug in sheet.slugs]
                    continue
                try:
                    complete[rule.name] = component_of(contest, sheet, rule)
                except ScoresMissing as why:
                    missing += why.missing
            elif not sheet.scored[rule.name].missing and sheet.slugs:
                complete[rule.name] = component_of(contest, sheet, rule)
        all_there = len(complete) == len(sheet.rules.components) and len(sheet.slugs) > 1
        return cls(sheet.slugs, complete, composite_of(list(complete.values())) if all_there else None, tuple(missing))

    def points(self, name: str) -> tuple[Fraction, ...] | None:
        """What a component that is complete gives each entry."""
        if name not in self.complete or len(self.slugs) < 2:
            return None
        return composite_of([self.complete[name]]).points[0]

    def errors(self, name: str) -> list[float]:
        """The standard errors of its points."""
        covariance = composite_of([self.complete[name]]).covariance
        return [float(max(variance, 0.0) ** 0.5) for variance in covariance.diagonal()]


def component_told(sheet: Sheet, added: Added | None, rule: Any, *, all_of_it: bool) -> dict[str, Any]:
    """A component: what it is, each entry's score and points, and the marks that made them."""
    known: dict[str, Fraction] = {}
    if added and not isinstance(rule, Arena):
        known = dict(sheet.scored[rule.name].scores)
    elif added and rule.name in added.complete:
        known = {slug: Fraction(each) for slug, each in zip(added.slugs, added.complete[rule.name].scores, strict=True)}
    points = (added.points(rule.name) if added else None) or (None,) * len(sheet.slugs)
    errors = added.errors(rule.name) if added and points[0] is not None else [None] * len(sheet.slugs)
    marks = sheet.marks[rule.name] if added else ()
    return {
        "name": rule.name,
        "title": rule.title,
        "title_ko": rule.title_ko,
        "kind": rule.kind.value,
        "weight": str(rule.weight),
        "normalisation": rule.normalisation.value,
        "maximum": None if isinstance(rule, Arena) else str(rule.top),
        "places": rule.places,
        "scores": [
            {
                "slug": slug,
                "score": spelt(known[slug]),
                "score_printed": str(rounded(known[slug], rule.places)),
                "points": None if theirs is None else spelt(theirs),
                "printed": None if theirs is None else str(rounded(theirs, rule.places)),
                "error": error,
            }
            for slug, theirs, error in zip(sheet.slugs, points, errors, strict=True)
            if slug in known
        ],
        "marks": [mark_told(rule, mark, all_of_it=all_of_it) for mark in shown_marks(rule, marks, all_of_it=all_of_it)],
    }


def shown_marks(rule: Any, marks: Sequence[Mark], *, all_of_it: bool) -> Sequence[Mark]:
    """Those that the rulebook lets everybody see one by one."""
    hidden = isinstance(rule, Panel) and rule.marks == "judges" and rule.told == "mean"
    return () if hidden and not all_of_it else marks


def mark_told(rule: Any, mark: Mark, *, all_of_it: bool) -> dict[str, Any]:
    """A mark with what shows it. A judge goes by the name that the rulebook publishes."""
    judge = None
    if mark.judge:
        judge = mark.judge.name if all_of_it or rule.told == "names" else mark.judge.pseudonym
    return {
        "slug": mark.part.entry.slug,
        "part": mark.section,
        "test": mark.test,
        "judge": judge,
        "value": None if mark.value is None else spelt(Fraction(mark.value)),
        "error": None if mark.error is None else spelt(Fraction(mark.error)),
        "items": mark.items,
        "evidence": mark.evidence,
        "source_digest": mark.source_digest,
        "at": mark.at.isoformat(),
        "corrected": mark.replaces_id is not None,
        "reason": mark.reason,
        "reason_ko": mark.reason_ko,
    }


def entries_told(contest: Round, sheet: Sheet, added: Added) -> list[dict[str, Any]]:
    """The entries by total, the highest first; by slug while there are no totals."""
    names = dict(contest.participations.values_list("entry__slug", "entry__name"))
    whole = added.whole
    if whole is None:
        empty = {"total": None, "printed": None, "error": None, "rank": None, "p_cut": None}
        return [{"slug": slug, "name": names[slug], **empty} for slug in sheet.slugs]
    fits = 0 < sheet.rules.cut_size < len(sheet.slugs)
    chances = whole.cut_probabilities(sheet.rules.cut_size).tolist() if fits else [None] * len(sheet.slugs)
    places = sheet.rules.total_places
    rows = [
        {
            "slug": slug,
            "name": names[slug],
            "total": spelt(whole.totals[n]),
            "printed": str(rounded(whole.totals[n], places)),
            "error": float(max(whole.covariance[n, n], 0.0) ** 0.5),
            "rank": whole.ranks()[n],
            "p_cut": chances[n],
        }
        for n, slug in enumerate(sheet.slugs)
    ]
    return sorted(rows, key=lambda row: (row["rank"], row["slug"]))


def average_told(rules: Rulebook, added: Added) -> dict[str, Any]:
    """The mean over all entries, of each component's points and of the total."""
    n = len(added.slugs)
    each: dict[str, dict[str, str] | None] = {}
    for one in rules.components:
        points = added.points(one.name)
        mean = sum(points, Fraction(0)) / n if points else None
        each[one.name] = mean_told(mean, one.places) if mean is not None else None
    if added.whole is None:
        return {"components": each, "total": None}
    return {"components": each, "total": mean_told(sum(added.whole.totals, Fraction(0)) / n, rules.total_places)}


def mean_told(mean: Fraction, places: int) -> dict[str, str]:
    return {"exact": spelt(mean), "printed": str(rounded(mean, places))}


def missing_told(missing: Missing) -> dict[str, Any]:
    return {
        "component": missing.component,
        "slug": missing.slug,
        "part": missing.section,
        "test": missing.test,
        "judges": missing.judges,
    }
