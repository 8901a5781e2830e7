"""Whether entries may compete: verdicts with their reasons, and what is alleged and answered."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend.eligibility_words import ALLEGATION_STATES, AXES, AXES_SHORT, OUTCOMES, SOURCES
from frontend.views import in_language
from inference.models import Entry
from leaderboard.allegations import allegations_against, hidden_until, state_of
from leaderboard.appeals.waiting import reinstated
from leaderboard.cut.beside_gate import beside_gate
from leaderboard.evidence import Evidence
from leaderboard.models import (
    UNOPENED,
    Allegation,
    Axis,
    EligibilityVerdict,
    Outcome,
    Participation,
    ParticipationRole,
    Rebuttal,
    Round,
)
from leaderboard.rulebook import in_force
from leaderboard.timeline import public_round

MARKS = {"passed": "safe", "conditional": "at_risk", "failed": "disqualified"}  # icons


@require_safe
@introduces_visitor
def eligibility_page(request: HttpRequest, key: str) -> HttpResponse:
    contest = public_round(key)
    if contest is None or contest.state in UNOPENED or contest.leg:  # a run-off is among those of its round
        raise Http404
    parts = parts_of(contest)
    given = verdicts_by_part(parts)
    raised = raised_by_round(contest, [part.entry for part in parts])
    stays = reinstated(contest)
    return render(
        request,
        "frontend/eligibility.html",
        {
            "round": contest,
            "title": in_language(contest.series.title, contest.series.title_ko),
            "axes": [{"name": AXES_SHORT[axis], "means": AXES[axis]} for axis in Axis.values],
            "gate": gate_as_drawn(contest, parts),
            "let_in": [part.entry.name for part in parts if part.entry.slug in stays and fails(given.get(part.pk, {}))],
            "wanted": [AXES_SHORT[axis] for axis in in_force(contest).eligibility],
            "entries": [
                {
                    "part": part,
                    "entry": part.entry,
                    "axes": axes_as_drawn(given.get(part.pk, {})),
                    "stays_by": stays[part.entry.slug].ruling.appeal.number if part.entry.slug in stays else None,
                    "allegations": [as_public(one) for one in raised if one.entry_id == part.entry_id],
                }
                for part in parts
            ],
        },
    )


def gate_as_drawn(contest: Round, parts: Iterable[Participation]) -> dict[str, Any] | None:
    """The cut with and without the gate, once it is published."""
    found = beside_gate(contest)
    if found is None:
        return None
    names = {part.entry.slug: part.entry.name for part in parts}
    return {
        "failed": [names[slug] for slug in found.failed],
        "goes": [names[slug] for slug in found.goes],
        "without": found.without and [names[slug] for slug in found.without],
        "decided": found.without is not None,
    }


def parts_of(contest: Round) -> list[Participation]:
    """Who competes in a round, or did."""
    found = contest.participations.exclude(role=ParticipationRole.REFERENCE)
    return list(found.select_related("entry__team").order_by("entry__name"))


def verdicts_by_part(parts: Iterable[Participation]) -> dict[int, dict[str, list[EligibilityVerdict]]]:
    """All verdicts by participation and axis, newest first."""
    given: dict[int, dict[str, list[EligibilityVerdict]]] = {}
    for one in EligibilityVerdict.objects.filter(part__in=parts).order_by("-number"):
        given.setdefault(one.part_id, {}).setdefault(one.axis, []).append(one)
    return given


def fails(given: Mapping[str, list[EligibilityVerdict]]) -> bool:
    """Whether some verdict that stands is a failing one; given: by axis, newest first."""
    return any(verdicts[0].outcome == Outcome.FAILED for verdicts in given.values())


def raised_by_round(contest: Round, entries: Iterable[Entry]) -> list[Allegation]:
    """What was alleged against these in this round or before it."""
    return list(allegations_against(entries).filter(round__number__lte=contest.number))


def axes_as_drawn(given: Mapping[str, list[EligibilityVerdict]]) -> list[dict[str, Any]]:
    """Each axis with the verdict that stands, and those that did before it."""
    return [
        {
            "axis": axis,
            "name": AXES_SHORT[axis],
            "means": AXES[axis],
            "stands": verdict_as_drawn(given[axis][0]) if axis in given else None,
            "earlier": [verdict_as_drawn(one) for one in given.get(axis, [])[1:]],
        }
        for axis in Axis.values
    ]


def verdict_as_drawn(verdict: EligibilityVerdict) -> dict[str, Any]:
    return {
        "number": verdict.number,
        "outcome": verdict.outcome,
        "words": OUTCOMES[verdict.outcome],
        "mark": MARKS[verdict.outcome],
        "reason": in_language(verdict.reason, verdict.reason_ko),
        "findings": in_language(verdict.findings, verdict.findings_ko),
        "why_anew": in_language(verdict.why_anew, verdict.why_anew_ko),
        "evidence": evidence_as_drawn(verdict.evidence),
        "reviewer": verdict.reviewer,
        "of_two": verdict.confirmed_by_id is not None,
        "at": verdict.at,
    }


def as_public(allegation: Allegation) -> dict[str, Any]:
    """An allegation as everybody is shown it: while it is hidden, without what it and its answers say."""
    drawn = in_full(allegation)
    if drawn["hidden_until"]:
        return drawn | {"text": "", "evidence": [], "rebuttals": []}
    return drawn


def in_full(allegation: Allegation) -> dict[str, Any]:
    """An allegation as those are shown it whom it concerns."""
    state = state_of(allegation)
    return {
        "number": allegation.pk,
        "entry": allegation.entry,
        "round": allegation.round,
        "axis": AXES_SHORT[allegation.axis],
        "who": allegation.team.name if allegation.team else SOURCES[allegation.source],
        "at": allegation.at,
        "state": state.value,
        "state_words": ALLEGATION_STATES[state],
        "text": in_language(allegation.text, allegation.text_ko),
        "evidence": evidence_as_drawn(allegation.evidence),
        "rebuttals": [rebuttal_as_drawn(one) for one in allegation.rebuttals.all()],
        "changes": [
            {"words": ALLEGATION_STATES[one.after], "at": one.at, "reason": in_language(one.reason, one.reason_ko)}
            for one in allegation.changes.all()
        ],
        "hidden_until": hidden_until(allegation),
        "hidings": [
            {"days": one.days, "at": one.at, "reason": in_language(one.reason, one.reason_ko)}
            for one in allegation.hidings.all()
        ],
    }


def rebuttal_as_drawn(rebuttal: Rebuttal) -> dict[str, Any]:
    return {
        "at": rebuttal.at,
        "text": in_language(rebuttal.text, rebuttal.text_ko),
        "evidence": evidence_as_drawn(rebuttal.evidence),
    }


def evidence_as_drawn(evidence: Iterable[Evidence]) -> list[dict[str, str]]:
    """What is linked to. The address was checked when it was stored; what is no address of the web is no link."""
    return [
        {
            "url": one["url"],
            "digest": one["digest"],
            "link": one["url"] if one["url"].startswith(("https://", "http://")) else "",
        }
        for one in evidence
    ]


def of_entry(entry: Entry) -> dict[str, Any]:
    """What an entry's page tells of it: the verdicts of the last round that gave one, and all allegations."""
    last = entry.participations.filter(verdicts__isnull=False).select_related("round__series").order_by("-round_id")
    part = last.first()
    return {
        "judged_in": part and {"round": part.round, "title": title_of(part.round)},
        "axes": axes_as_drawn(verdicts_by_part([part]).get(part.pk, {})) if part else [],
        "allegations": [as_public(one) for one in allegations_against([entry])],
    }


def title_of(contest: Round) -> str:
    return in_language(contest.series.title, contest.series.title_ko)
