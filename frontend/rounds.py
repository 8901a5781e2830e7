"""The page of all rounds: where each stands, when it was, who is out by it, and where more stands of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend.record import GONE, competitors, part_as_drawn
from frontend.timeline import STATE_NAMES, reached
from frontend.views import in_language
from leaderboard.models import DECIDED, UNOPENED, Round, RoundState


@require_safe
@introduces_visitor
def rounds_page(request: HttpRequest) -> HttpResponse:
    found = Round.objects.exclude(state=RoundState.DRAFT).select_related("series", "run_off_of")
    rounds = [round_as_drawn(contest) for contest in found.order_by("-number", "-leg")]
    return render(request, "frontend/rounds.html", {"rounds": rounds})


def round_as_drawn(contest: Round) -> dict[str, Any]:
    parts = list(competitors(contest))
    return {
        "round": contest,
        "title": in_language(contest.series.title, contest.series.title_ko),
        "state_name": STATE_NAMES[contest.state],
        "state_more": reached(contest.state),
        "opened": contest.state not in UNOPENED,
        "decided": contest.state in DECIDED,
        "gone": [part_as_drawn(part) for part in parts if part.state in GONE],
        "stays": [part.entry for part in parts if part.state not in GONE],
    }
