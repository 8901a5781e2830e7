"""The page of a round's scores: what each component gave, the totals, and every mark with what shows it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend.views import in_language
from leaderboard.scoring.told import public_scores

Z95 = 1.96


@require_safe
@introduces_visitor
def scores_page(request: HttpRequest, key: str) -> HttpResponse:
    wanted = request.GET.get("edition", "")
    edition = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 6 else None
    found = public_scores(key, edition=edition)
    if found is None or not found["components"] or (wanted and edition is None):
        raise Http404
    editions = [{**one, "when": datetime.fromisoformat(one["at"])} for one in found["editions"]]
    corrected = bool(editions) and not editions[-1]["as_now"]
    return render(request, "frontend/scores.html", as_drawn(found) | {"editions": editions, "corrected": corrected})


def as_drawn(found: Mapping[str, Any]) -> dict[str, Any]:
    """The scores as the public's page and the console's show them."""
    names = {one["slug"]: one["name"] for one in found["entries"]}
    return {
        "scores": found,
        "title": in_language(found["title"], found["title_ko"]),
        "components": [component_as_drawn(one, names) for one in found["components"]],
        "rows": [row_as_drawn(one, found) for one in found["entries"]],
        "average": average_as_drawn(found),
        "complete": any(one["total"] for one in found["entries"]),
        "missing": missing_as_drawn(found, names),
        "p_cut": any(one["p_cut"] is not None for one in found["entries"]),
    }


def row_as_drawn(entry: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    cells = []
    for one in found["components"]:
        score = next((each for each in one["scores"] if each["slug"] == entry["slug"]), None)
        cells.append(
            {
                "printed": score and score["printed"],
                "exact": score and score["points"],
                "margin": score and margin(score["error"], one["places"]),
                "known": score is not None,
                "title": in_language(one["title"], one["title_ko"]),
            }
        )
    return {
        **entry,
        "cells": cells,
        "margin": margin(entry["error"], found["total_places"]),
        "chance": None if entry["p_cut"] is None else percent(entry["p_cut"]),
    }


def margin(error: float | None, places: int) -> str:
    """Half of the 95 % interval, as shown; nothing where no error is known."""
    if not error:
        return ""
    shown = max(1, places)
    return number_format(round(Z95 * error, shown), shown)


def percent(chance: float) -> str:
    if chance < 0.01:
        return _("under 1 %")
    return _("over 99 %") if chance > 0.99 else _("{percent} %").format(percent=f"{100 * chance:.0f}")


def average_as_drawn(found: Mapping[str, Any]) -> dict[str, Any] | None:
    told = found["average"]
    if told is None:
        return None
    return {"cells": [told["components"][one["name"]] for one in found["components"]], "total": told["total"]}


def component_as_drawn(component: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A component with its marks as a table: a line for each test or judge, a column for each entry."""
    evidence: list[Mapping[str, str]] = []
    for mark in component["marks"]:
        evidence += [one for one in mark["evidence"] if one not in evidence]
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for mark in component["marks"]:
        place = (mark["part"], mark["test"] or mark["judge"] or "")
        lines.setdefault(place, {})[mark["slug"]] = mark
    slugs = [slug for slug in names if any(slug in each for each in lines.values())]
    return {
        **component,
        "title": in_language(component["title"], component["title_ko"]),
        "columns": [names[slug] for slug in slugs],
        "lines": [
            {
                "part": part,
                "what": what,
                "cells": [mark_as_drawn(marks.get(slug), evidence) for slug in slugs],
            }
            for (part, what), marks in sorted(lines.items())
        ],
        "evidence": [{**one, "link": one["url"]} for one in evidence],
        "corrections": [
            {**mark, "name": names[mark["slug"]], "why": in_language(mark["reason"], mark["reason_ko"])}
            for mark in component["marks"]
            if mark["corrected"] and mark["slug"] in names
        ],
    }


def mark_as_drawn(mark: Mapping[str, Any] | None, evidence: Sequence[Mapping[str, str]]) -> dict[str, Any] | None:
    if mark is None:
        return None
    return {**mark, "notes": [evidence.index(one) + 1 for one in mark["evidence"]]}


def missing_as_drawn(found: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """What is still to come, a line for each component."""
    lines = []
    for one in found["components"]:
        of_it = [each for each in found["missing"] if each["component"] == one["name"]]
        if of_it:
            title = in_language(one["title"], one["title_ko"])
            whom = dict.fromkeys(names.get(each["slug"], each["slug"]) for each in of_it)
            lines.append(f"{title}: {', '.join(whom)} {lacking(of_it)}".strip())
    return lines


def lacking(missing: Sequence[Mapping[str, Any]]) -> str:
    judges = max(each["judges"] for each in missing)
    if judges:
        return ngettext("(up to {n} more judge)", "(up to {n} more judges)", judges).format(n=judges)
    tests = list(dict.fromkeys("/".join(filter(None, (each["part"], each["test"]))) for each in missing))
    return f"({', '.join(tests)})" if any(tests) else ""
