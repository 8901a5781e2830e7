"""A team's own battles: masked while the round runs, and never with their text."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.doors import member_required
from accounts.models import Team
from arena.ballots import OwnBallot
from frontend.appeals import refuse_rival
from frontend.categories import CATEGORIES
from frontend.views import in_language
from inference.models import Entry
from leaderboard.categories import LANGUAGES, OTHER
from leaderboard.own_battles import own_battles
from leaderboard.team_results import latest_part

RESULTS: Mapping[str, Any] = {
    "won": _("won"),
    "lost": _("lost"),
    "tie": _("tie"),
    "both_bad": _("both are bad"),
}
SET_ASIDE: Mapping[str, Any] = {
    "": "",
    "over_cap": _("not counted: its voter had used up the votes that count"),
    "own_team": _("not counted: its voter is a member of one of the two teams"),
}


@require_safe
@member_required
def battles_page(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    refuse_rival(request, team)
    part = latest_part(team)
    if part is None:
        raise Http404
    mark = request.GET.get("before", "")
    if mark and not (mark.isascii() and mark.isdecimal() and len(mark) < 19):
        raise Http404
    found = own_battles(part.round, part.entry, before=int(mark) if mark else None)
    names = dict(Entry.objects.values_list("pk", "name")) if found.named else {}
    return render(
        request,
        "frontend/team_battles.html",
        {
            "team": team,
            "entry": part.entry,
            "title": in_language(part.round.series.title, part.round.series.title_ko),
            "named": found.named,
            "battles": [as_drawn(one, names) for one in found.battles],
            "before": found.before,
            "older": bool(mark),
        },
    )


def as_drawn(one: OwnBallot, names: Mapping[int, str]) -> dict[str, Any]:
    language = [one.language if one.language in LANGUAGES else OTHER] if one.language else []
    result = one.winner if one.winner not in ("a", "b") else "won" if one.winner == one.side else "lost"
    return {
        "position": one.position,
        "hour": datetime.fromisoformat(one.hour.replace("Z", ":00+00:00")),
        "side": one.side.upper(),
        "against": names.get(one.against, ""),
        "result": result,
        "result_words": RESULTS[result],
        "set_aside": SET_ASIDE[one.set_aside],
        "kinds": [CATEGORIES[key] for key in (*language, *one.categories) if key in CATEGORIES],
        "length": one.length,
    }
