"""An edition by the kind of question, and without style, as page and API tell it. None of it decides a cut."""

from typing import Any

from arena.refusals import NoCategories, UnknownCategory
from leaderboard.boards import find_series
from leaderboard.categories import CATEGORIES, enough, parameters_of
from leaderboard.editions import served
from leaderboard.models import Board, ByCategory, Series
from rating import Settings, parameters

STYLE = "style"
SELECTABLE = (*CATEGORIES, STYLE)
NOTHING: dict[str, Any] = {"votes": 0, "standings": None}


def breakdown(slug: str | None, category: str) -> dict[str, Any] | None:
    """One category of the served edition, or the one without style; None if there is no such series or board.

    Raises UnknownCategory, and NoCategories for boards that know of no questions.
    """
    if category not in SELECTABLE:
        raise UnknownCategory
    found = _edition(slug)
    if found is None:
        return None
    series, edition, kept = found
    told, position = _style(kept) if category == STYLE else (_categories(kept).get(category, NOTHING), edition.position)
    settings = Settings(style=True, minimum_votes=edition.parameters["minimum_votes"])
    names = dict(edition.standings.values_list("slug", "name"))
    return {
        "series": series.slug,
        "title": series.title,
        "title_ko": series.title_ko,
        "number": edition.number,
        "created_at": edition.created_at.isoformat(),
        "category": category,
        "position": position,
        "votes": told["votes"],
        "votes_needed": _needed(edition, kept),
        "parameters": parameters(settings) if category == STYLE else parameters_of(edition, category),
        "things": told.get("things"),
        "standings": told["standings"] and [{"name": names[row["slug"]], **row} for row in told["standings"]],
    }


def standings_of_entry(series_slug: str, slug: str) -> list[dict[str, Any]]:
    """Where an entry stands in each category that has standings, and without style."""
    found = _edition(series_slug, strict=False)
    if found is None:
        return []
    kept = found[2]
    told = _categories(kept) | {STYLE: _style(kept)[0]}
    rows = ((category, row) for category in SELECTABLE for row in told.get(category, NOTHING)["standings"] or ())
    return [{"category": category, **row} for category, row in rows if row["slug"] == slug]


def _edition(slug: str | None, *, strict: bool = True) -> tuple[Series, Board, ByCategory | None] | None:
    """The series, its served edition and what that knows by category; nothing before the first fold."""
    series = find_series(slug)
    edition = served(series) if series else None
    if series is None or edition is None:
        return None
    if not hasattr(series, "round"):
        if strict:
            raise NoCategories
        return None
    return series, edition, ByCategory.objects.filter(board=edition).select_related("style").first()


def _categories(kept: ByCategory | None) -> dict[str, dict[str, Any]]:
    return dict(kept.content["categories"]) if kept else {}


def _style(kept: ByCategory | None) -> tuple[dict[str, Any], int]:
    """What the edition knows without style, and as of which vote."""
    if kept is None or kept.style is None:
        return NOTHING, 0
    return kept.style.content, kept.style.position


def _needed(edition: Board, kept: ByCategory | None) -> int:
    """With how many votes a category of the edition has standings."""
    ranked = len(kept.content["basis"]["ranked"]) if kept else edition.standings.count()
    return enough(edition.parameters["minimum_votes"], ranked)
