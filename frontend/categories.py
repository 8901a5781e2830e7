"""The page of a board's category, and of the board without style: words and places for what the domain tells."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import floor
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from frontend import plots
from leaderboard.breakdown import STYLE, breakdown
from leaderboard.models import LIVE, Round

CATEGORIES: Mapping[str, Any] = {
    "ko": gettext_lazy("Korean"),
    "en": gettext_lazy("English"),
    "other": gettext_lazy("Other languages"),
    "code": gettext_lazy("Code"),
    "maths": gettext_lazy("Maths"),
    "writing": gettext_lazy("Writing"),
    "long": gettext_lazy("Long questions"),
    "multi_turn": gettext_lazy("Several questions"),
    STYLE: gettext_lazy("Without style"),
}
EXPLAINED: Mapping[str, Any] = {
    "ko": gettext_lazy("Votes on questions asked in Korean; a library tells the language."),
    "en": gettext_lazy("Votes on questions asked in English; a library tells the language."),
    "other": gettext_lazy("Votes on questions asked neither in Korean nor in English, or in no words at all."),
    "code": gettext_lazy("Votes on questions that hold code or name a programming language or task."),
    "maths": gettext_lazy("Votes on questions that hold a formula or sum, or name a subject of mathematics."),
    "writing": gettext_lazy("Votes on questions that ask for a text: a poem, a letter, an essay, or a better wording."),
    "long": gettext_lazy("Votes on questions of 500 characters or more."),
    "multi_turn": gettext_lazy("Votes on conversations of two questions or more."),
    STYLE: gettext_lazy(
        "Longer answers with more headings, lists and bold words may win votes whatever they say. This is how the "
        "models would stand if all answers had the same length and formatting."
    ),
}
THINGS: Mapping[str, Any] = {
    "length": gettext_lazy("Length"),
    "headers": gettext_lazy("Headings"),
    "lists": gettext_lazy("List items"),
    "bold": gettext_lazy("Bold words"),
}


def selectable() -> list[dict[str, Any]]:
    """What a board's selector offers."""
    return [{"key": key, "name": name} for key, name in CATEGORIES.items()]


def kinds() -> list[dict[str, Any]]:
    """Each board beside that of all questions, and what it is."""
    return [{"name": name, "explained": EXPLAINED[key]} for key, name in CATEGORIES.items()]


def category_page(request: HttpRequest, wanted: str | None, category: str) -> HttpResponse:
    """A category of the board that is served. Raises Http404 for what is none."""
    found = breakdown(wanted, category) if category in CATEGORIES else None
    if found is None:
        raise Http404
    contest = Round.objects.filter(series__slug=found["series"]).first()
    return render(
        request,
        "frontend/category.html",
        {
            "told": found,
            "title": found["title_ko"] if found["title_ko"] and get_language() == "ko" else found["title"],
            "name": CATEGORIES[category],
            "explained": EXPLAINED[category],
            "selectable": selectable(),
            "created_at": datetime.fromisoformat(found["created_at"]),
            "rows": rows_as_drawn(found["standings"] or ()),
            "things": things_as_told(found["things"] or ()),
            "styled": category == STYLE,
            "moves": contest is not None and contest.state in LIVE and category != STYLE,
            "words": words(),
        },
    )


def rows_as_drawn(standings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each row with its place in the picture. Who has no rank in a category is not drawn: so few votes say little.

    The board without style is of all votes, and references stand on it too.
    """
    drawn = [row for row in standings if row["rank"] or "raw_rating" in row]
    on = plots.scale({"standings": [{**row, "joined": True, "status": "ranked"} for row in drawn], "round": None})
    return [
        {
            **row,
            "href": reverse("entry", args=[row["slug"]]),
            "ranks": plots.ranks(row),
            "drawn": row in drawn,
            "plot": plots.interval({**row, "joined": True}, on) if row in drawn else None,
            "shift": shift(row["rating"], row["raw_rating"]) if "raw_rating" in row else None,
        }
        for row in standings
    ]


def shift(rating: float, raw: float) -> str:
    """How many points style is worth: the difference of the whole numbers that are shown."""
    points = floor(rating + 0.5) - floor(raw + 0.5)
    return f"+{points}" if points > 0 else f"−{-points}" if points < 0 else "±0"


def things_as_told(things: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**thing, "name": THINGS[thing["name"]]} for thing in things]


def of_entry(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An entry's standing in each category, for the table on its page."""
    return [{**row, "name": CATEGORIES[row["category"]], "ranks": plots.ranks(row)} for row in rows]


def words() -> dict[str, str]:
    """What the page's script says when a new edition comes."""
    return {
        "votes_one": ngettext("{n} counted vote", "{n} counted votes", 1),
        "votes_other": ngettext("{n} counted vote", "{n} counted votes", 2),
        "row_votes_one": ngettext("{n} vote", "{n} votes", 1),
        "row_votes_other": ngettext("{n} vote", "{n} votes", 2),
        "edition": _("Board {n}"),
        "when": _("{date}, {time}"),
    }
