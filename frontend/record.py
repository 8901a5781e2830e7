"""The permanent page of a round: what it decided, by which rules, how surely, who objected, and what proves it."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend.cuts import editions, shown_of, story
from frontend.files import attached
from frontend.timeline import STATE_NAMES, reached
from frontend.views import in_language
from frontend.words import RULING_EFFECTS, RULING_OUTCOMES, STATUSES
from leaderboard.appeals.waiting import rulings_in_force
from leaderboard.cut.preview import told
from leaderboard.export_queue import public_files
from leaderboard.models import (
    UNOPENED,
    Participation,
    ParticipationChange,
    ParticipationRole,
    Round,
    Ruling,
)
from leaderboard.rulebook import version_of
from leaderboard.timeline import public_round

GONE = ("eliminated", "disqualified", "withdrawn", "suspended")


@require_safe
@introduces_visitor
def record_page(request: HttpRequest, key: str) -> HttpResponse:
    contest = public_round(key)
    if contest is None or contest.state in UNOPENED:
        raise Http404
    found, parts = told(contest), list(competitors(contest))
    decision = found["decision"]
    return render(
        request,
        "frontend/record.html",
        {
            "round": contest,
            "title": in_language(contest.series.title, contest.series.title_ko),
            "state_name": STATE_NAMES[contest.state],
            "state_more": reached(contest.state),
            "rulebook": version_of(contest),
            "gone": [part_as_drawn(part) for part in parts if part.state in GONE],
            "stays": [part.entry for part in parts if part.state not in GONE],
            "decided": decision is not None,
            "story": decision and story(decision, shown_of(contest, found["names"]), decided=True),
            "editions": editions(found["editions"], found["names"], contest.key) if decision else [],
            "rulings": [ruling_as_drawn(one) for one in rulings_in_force(contest)],
            "run_offs": contest.run_offs.exclude(state__in=UNOPENED).order_by("leg"),
            "files": [{"name": file.name, "size": file.stat().st_size} for file in public_files(contest)],
        },
    )


def competitors(contest: Round) -> QuerySet[Participation]:
    """Whom the cut is about, or was, each with the reason of the last thing that became of it."""
    last = ParticipationChange.objects.filter(participation=OuterRef("pk")).order_by("-pk")
    found = contest.participations.exclude(role=ParticipationRole.REFERENCE).annotate(
        reason=Subquery(last.values("reason")[:1]), reason_ko=Subquery(last.values("reason_ko")[:1])
    )
    return found.select_related("entry__team").order_by("entry__name")


def part_as_drawn(part: Any) -> dict[str, Any]:
    """One of the competitors() who is out."""
    return {
        "entry": part.entry,
        "state": part.state,
        "words": STATUSES[part.state],
        "reason": in_language(part.reason or "", part.reason_ko or ""),
    }


def ruling_as_drawn(ruling: Ruling) -> dict[str, Any]:
    made = ruling.decisions.first()
    return {
        "row": ruling,
        "edition": made and made.edition,
        "team": ruling.appeal.team.name,
        "outcome": RULING_OUTCOMES[ruling.outcome],
        "effect": RULING_EFFECTS[ruling.effect],
        "entry": ruling.part and ruling.part.entry.name,
        "reasons": in_language(ruling.reasons, ruling.reasons_ko),
    }


@require_safe
def download(request: HttpRequest, key: str, name: str) -> HttpResponseBase:
    """One of the files that prove a final result."""
    contest = public_round(key)
    file = next((one for one in public_files(contest) if one.name == name), None) if contest else None
    if contest is None or file is None:
        raise Http404(_("There is no such file."))
    return attached(request, file, f"{contest.series.slug}-{name}")
