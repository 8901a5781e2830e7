"""The page of an entry: how strong it is, which model it is, and whether it may compete."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.dateformat import format as format_date
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend import plots
from frontend.categories import of_entry as categories_of_entry
from frontend.eligibility import of_entry as eligibility_of
from frontend.followed import followed_in_words
from frontend.provenance import components, identity, openness
from frontend.views import board_as_drawn, in_language
from frontend.words import CHANGES
from inference.models import Entry
from leaderboard.boards import board, history
from leaderboard.breakdown import standings_of_entry
from leaderboard.models import ParticipationChange
from leaderboard.participations import changes_of


@require_safe
@introduces_visitor
def entry_page(request: HttpRequest, slug: str) -> HttpResponse:
    entry = get_object_or_404(Entry.objects.select_related("team"), slug=slug)
    wanted = request.GET.get("series")
    past = history(slug, wanted)
    # Who is out stands on the board of the round it left.
    found = board(wanted or (past["series"] if past else None))
    drawn = found and board_as_drawn(found)
    line = found["round"]["line"] if found and found["round"] else None
    points = [{**point, "at": datetime.fromisoformat(point["at"])} for point in (past["points"] if past else [])]
    drawing = plots.chart(points, line)
    standing = next((row for row in drawn["rows"] if row["slug"] == slug), None) if drawn else None
    return render(
        request,
        "frontend/entry.html",
        {
            "entry": entry,
            "identity": identity(entry),
            "openness": openness(entry),
            "components": components(entry),
            "board": drawn,
            "standing": standing,
            "gap": round(standing["rating"] - line) if standing and standing["rank"] and line is not None else None,
            "chart": drawing,
            "readings": [{"x": point["x"], "words": reading(point)} for point in drawing.points] if drawing else [],
            "categories": categories_of_entry(standings_of_entry(found["series"], slug)) if found else [],
            "history": plots.thinned(points, plots.TABLE_ROWS)[::-1],
            "judged": eligibility_of(entry),
            "followed": followed_in_words(entry),
            "changes": [change_in_words(change) for change in changes_of(entry, drawn["series"])] if drawn else [],
        },
    )


def change_in_words(change: ParticipationChange) -> dict[str, Any]:
    """What became of an entry, when and why."""
    return {
        "at": change.at,
        "words": CHANGES[change.after if change.before else "admitted"],
        "reason": in_language(change.reason, change.reason_ko),
    }


def reading(point: Mapping[str, Any]) -> str:
    """One point of a chart in words."""
    return _("{when}: {rating} ({low}–{high}), rank {rank}").format(
        when=format_date(localtime(point["at"]), pgettext("date and time", "j F Y, H:i")),
        rating=round(point["rating"]),
        low=round(point["low"]),
        high=round(point["high"]),
        rank=point["rank"] or "–",
    )
