"""The permanent page of a round: what it decided, by which rules, how surely, who objected, and what proves it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend.files import attached
from frontend.timeline import STATE_NAMES, STATES_MEAN
from frontend.views import in_language
from frontend.words import RULING_EFFECTS, RULING_OUTCOMES, STATUSES
from leaderboard.appeals.waiting import rulings_in_force
from leaderboard.cut.decisions import in_force
from leaderboard.export_queue import files_of
from leaderboard.models import UNOPENED, Decision, Export, Participation, ParticipationRole, Round, RoundState
from leaderboard.rulebook import version_of
from leaderboard.timeline import public_round

DECIDED_BY: Mapping[str, Any] = {
    "line": gettext_lazy("The votes decided: nobody was tied at the line."),
    "run_off": gettext_lazy("The votes left a tie at the line, and a run-off decided."),
    "head_to_head": gettext_lazy("The votes left a tie at the line, and the votes between just those models decided."),
    "component": gettext_lazy("The scores left a tie at the line, and one component decided."),
    "score": gettext_lazy("The votes left a tie at the line, and the higher score stays, as the rules say."),
    "earlier_submission": gettext_lazy("The votes left a tie at the line, and the earlier submission stays."),
    "beacon": gettext_lazy("The votes left a tie at the line, and a public random number decided."),
}
CAUSES: Mapping[str, Any] = {
    "published": gettext_lazy("The result was published."),
    "ruling": gettext_lazy("A ruling on an appeal amended it."),
}
GONE = ("eliminated", "disqualified", "withdrawn", "suspended")


@require_safe
@introduces_visitor
def record_page(request: HttpRequest, key: str) -> HttpResponse:
    contest = public_round(key)
    if contest is None or contest.state in UNOPENED:
        raise Http404
    decision = in_force(contest)
    parts = list(competitors(contest))
    names = {part.entry.slug: part.entry.name for part in parts}
    return render(
        request,
        "frontend/record.html",
        {
            "round": contest,
            "title": in_language(contest.series.title, contest.series.title_ko),
            "state_name": STATE_NAMES[contest.state],
            "state_more": STATES_MEAN[contest.state],
            "rulebook": version_of(contest),
            "gone": [part_as_drawn(part) for part in parts if part.state in GONE],
            "stays": [part.entry for part in parts if part.state not in GONE],
            "decided": decision and as_drawn(json.loads(decision.content), names),
            "editions": [{"row": one, "words": CAUSES[one.cause]} for one in editions(contest, decision)],
            "rulings": [ruling_as_drawn(one) for one in rulings_in_force(contest)],
            "run_offs": contest.run_offs.exclude(state__in=UNOPENED).order_by("leg"),
            "files": [{"name": file.name, "size": file.stat().st_size} for file in public_files(contest)],
        },
    )


def competitors(contest: Round) -> QuerySet[Participation]:
    """Whom the cut is about, or was."""
    found = contest.participations.exclude(role=ParticipationRole.REFERENCE)
    return found.select_related("entry__team").order_by("entry__name")


def part_as_drawn(part: Participation) -> dict[str, Any]:
    last = part.changes.order_by("-pk").first()
    return {
        "entry": part.entry,
        "state": part.state,
        "words": STATUSES[part.state],
        "reason": in_language(last.reason, last.reason_ko) if last else "",
    }


def as_drawn(content: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """What a decision says, with names in place of slugs."""
    line, pairs = content["line"] or {}, (content["line"] or {}).get("pairs", ())
    return {
        "votes": content["votes"],
        "voters": content["voters"],
        "by": DECIDED_BY.get(content["decided_by"] or ""),
        "tied": named(content["tied"], names),
        "locked": line.get("locked"),
        "turned_by": line.get("voters"),
        "pairs": [
            {
                **pair,
                "stays": names.get(pair["stays"], pair["stays"]),
                "goes": names.get(pair["goes"], pair["goes"]),
                "voters": pair["voters"],
            }
            for pair in pairs
        ],
    }


def named(slugs: Iterable[str], names: Mapping[str, str]) -> list[str]:
    return sorted(names.get(slug, slug) for slug in slugs)


def editions(contest: Round, decision: Decision | None) -> Iterable[Decision]:
    """All editions, newest first; none while no result is published."""
    return contest.decisions.order_by("-edition") if decision else ()


def ruling_as_drawn(ruling: Any) -> dict[str, Any]:
    return {
        "row": ruling,
        "team": ruling.appeal.team.name,
        "outcome": RULING_OUTCOMES[ruling.outcome],
        "effect": RULING_EFFECTS[ruling.effect],
        "reasons": in_language(ruling.reasons, ruling.reasons_ko),
    }


def public_files(contest: Round) -> list[Any]:
    """The files of a final result, by name; nothing before they are written."""
    if contest.state != RoundState.FINAL:
        return []
    asked = Export.objects.filter(board__series=contest.series_id).order_by("-board__number").first()
    return files_of(asked) if asked else []


@require_safe
def download(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """One of the files that prove a final result."""
    contest = public_round(key)
    file = next((one for one in public_files(contest) if one.name == name), None) if contest else None
    if contest is None or file is None:
        raise Http404(_("There is no such file."))
    return attached(file, f"{contest.series.slug}-{name}")
