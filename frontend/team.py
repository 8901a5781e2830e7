"""A team's console: where its model stands, live; what would save it; and how its votes went."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.doors import member_required, signed_in
from accounts.models import Team
from accounts.second_factors import has_second_factor
from accounts.teams import subject_of
from arena.refusals import BadWhatIf, Refusal
from arena.visitors import introduces_visitor
from frontend import figures, plots
from frontend.appeals import refuse_rival
from frontend.categories import CATEGORIES
from frontend.console.home import logged, told
from frontend.console.words import FAULTS
from frontend.servers import servers_told
from frontend.team_course import course
from frontend.views import board_as_drawn
from frontend.words import ODDS, team_words
from inference.models import Entry
from leaderboard.appeals.filing import APPEALABLE, appeals_of_team
from leaderboard.boards import board
from leaderboard.breakdown import standings_of_entry
from leaderboard.cut.preview import told as cut_told
from leaderboard.exposure import exposure
from leaderboard.models import LIVE, Participation, Round
from leaderboard.own_health import health
from leaderboard.team_results import latest_part, shares
from leaderboard.what_if import Outlook, Telling, WhatIf, outlook_of, telling, wanted
from leaderboard.winrates import win_rates

ACTIONS, APPEALS = 12, 5  # the last ones, on this page
USUAL = {"votes": "200", "percent": "55", "against": ""}
FATES: Mapping[str, Any] = {
    "goes": _("If the round ended now, your model would be out."),
    "stays": _("If the round ended now, your model would stay."),
    "open": _("If the round ended now, it would not be settled yet whether your model stays."),
}


@require_safe
@member_required
@introduces_visitor
def team_page(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    refuse_rival(request, team)
    part = latest_part(team)
    found = board(part.round.series.slug) if part else None
    if part is None or found is None:
        return render(request, "frontend/team.html", {"team": team, "manages": manages})
    moving, what_if = live(found, part.entry), what_if_as_drawn(request, part)
    overall = moving["standing"] and moving["standing"]["rating"]
    return render(
        request,
        "frontend/team.html",
        {
            "team": team,
            "manages": manages,
            "contest": part.round,
            "entry": part.entry,
            "words": team_words(),
            **moving,
            "what_if": what_if,
            "composite": bool(what_if["outlook"] and what_if["outlook"].rules.components),
            "course": course(part.round, part.entry, found["round"]["line"]),
            "health": health_as_drawn(part.round, part.entry),
            "servers": servers_told(part.entry.workers.all()),
            "appeals": appeals_of_team(team).order_by("-pk")[:APPEALS],
            "second_factor": has_second_factor(signed_in(request)),
            "actions": [told(row) for row in logged().filter(subject=subject_of(team))[:ACTIONS]],
            "now": ended_now(part.round, part.entry),
            "results": results(part.round, part.entry, what_if["outlook"], overall),
        },
        status=400 if what_if["problem"] else 200,
    )


def live(found: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    """What moves by the board's socket: src/team.ts says the same of every later edition."""
    drawn = board_as_drawn(found)
    line = found["round"]["line"]
    standing = next((row for row in drawn["rows"] if row["slug"] == entry.slug), None)
    ranked = standing is not None and standing["rank"] is not None
    return {
        "board": drawn,
        "appealable": found["round"]["state"] in APPEALABLE,
        "standing": standing,
        "gap": plots.signed(standing["rating"] - line) if standing and ranked and line is not None else "",
        "odds": odds_words(standing["p_cut"]) if standing else "",
        "chance": plots.percent(standing["p_cut"]) if standing and standing["p_cut"] is not None else "",
    }


def health_as_drawn(contest: Round, entry: Entry) -> dict[str, Any]:
    """How the model answers, with words for what failed and names for whom it failed against."""
    found = health(contest, entry)
    names = dict(Entry.objects.filter(pk__in=found.against or ()).values_list("pk", "name"))
    return {
        **asdict(found),
        "own": sum(found.kinds.values()),
        "kinds": [{"words": FAULTS.get(kind, kind), "times": times} for kind, times in found.kinds.items()],
        "against": [{"name": names[pk], "times": times} for pk, times in (found.against or {}).items()],
        "named": found.against is not None,
    }


def odds_words(chance: float | None) -> str:
    """A probability as people say it; empty where there is none."""
    if chance is None:
        return ""
    key, few, among = plots.odds(chance)
    return str(ODDS[key]).format(few=few, among=among)


def ended_now(contest: Round, entry: Entry) -> str:
    """What would become of the entry if the round ended now, as the preview of the cut has it; empty without one."""
    told = cut_told(contest)["preview"] if contest.state in LIVE else None
    if told is None:
        return ""
    for fate, words in FATES.items():
        if entry.slug in told["decision"][fate]:
            return str(words)
    return ""


def what_if_as_drawn(request: HttpRequest, part: Participation) -> dict[str, Any]:
    """The form, what was typed, and the answer to it; why there is none, where votes or the cut are no matter."""
    typed = {name: request.GET.get(name, usual) for name, usual in USUAL.items()}
    drawn: dict[str, Any] = {"typed": typed, "problem": "", "answer": None, "outlook": None, "refused": ""}
    try:
        outlook = outlook_of(part.round, part.entry.slug)
        drawn["outlook"] = outlook
        if "votes" in request.GET:
            drawn["answer"] = answer(outlook, part.entry.slug, wanted(outlook, part.entry.slug, **typed))
    except BadWhatIf as why:
        drawn["problem"] = why.message
    except Refusal as why:
        drawn["refused"] = why.message
    return drawn


def answer(outlook: Outlook, slug: str, supposed: WhatIf) -> dict[str, Any]:
    """Where the entry would stand, beside where it stands now."""
    now, then = outlook.after(slug, []), outlook.after(slug, [supposed])
    return {
        name: {
            **asdict(one),
            "ranks": plots.ranks(asdict(one)),
            "gap": "" if one.gap is None else plots.signed(one.gap),
            "chance": "" if one.p_cut is None else plots.percent(one.p_cut),
            "odds": odds_words(one.p_cut),
        }
        for name, one in (("now", now), ("then", then))
    }


def results(contest: Round, entry: Entry, outlook: Outlook | None, overall: float | None) -> dict[str, Any] | None:
    """The entry's share of the points by opponent, side and category; None before there is a board."""
    rates, own = win_rates(contest.key), shares(contest, entry.slug)
    if rates is None or own is None:
        return None
    standings = {row["category"]: row for row in standings_of_entry(contest.series.slug, entry.slug)}
    return {
        "number": own["number"],
        "all": in_percent(own["all"]),
        "opponents": opponents(contest, entry.slug, rates, outlook),
        "sides": [in_percent(share) | {"name": side.upper()} for side, share in own["sides"].items()],
        "categories": [
            in_percent(share) | {"key": key, "name": CATEGORIES[key]} | beside(standings.get(key), overall)
            for key, share in own["categories"].items()
        ],
    }


def beside(standing: Mapping[str, Any] | None, overall: float | None) -> dict[str, Any]:
    """The rating in a category, and how far above or below that of all questions it lies."""
    apart = "" if standing is None or overall is None else plots.signed(standing["rating"] - overall)
    return {"standing": standing, "apart": apart}


def in_percent(share: Mapping[str, Any]) -> dict[str, Any]:
    return {**share, **{key: None if share[key] is None else 100 * share[key] for key in ("rate", "low", "high")}}


def opponents(contest: Round, slug: str, rates: Mapping[str, Any], outlook: Outlook | None) -> list[dict[str, Any]]:
    """Each opponent: what was taken from it, how often the two met, and what votes against it would change."""
    weighed = {one.slug: one for one in telling(outlook, slug)} if outlook else {}
    met = meetings(contest, slug)
    names = {one["slug"]: one["name"] for one in rates["entries"]}
    rows = []
    for pair in rates["pairs"]:
        if slug not in (pair["first"], pair["second"]):
            continue
        first = pair["first"] == slug
        other = pair["second"] if first else pair["first"]
        share = figures.cell(pair if first else figures.turned(pair))
        rows.append({**share, "slug": other, "name": names[other], "met": met.get(other), **tells(weighed.get(other))})
    return sorted(rows, key=lambda row: -row["swing"])


def tells(weighed: Telling | None) -> dict[str, Any]:
    """What votes against an opponent would change, in points of percent."""
    if weighed is None:
        return {"tells": None, "swing": 0.0}
    change = {name: plots.signed(100 * by) for name, by in (("won", weighed.won), ("lost", weighed.lost))}
    return {"tells": weighed, "swing": weighed.lost - weighed.won, **change}


def meetings(contest: Round, slug: str) -> dict[str, dict[str, int]]:
    """How often it met each opponent, and how often of these it stood on side A."""
    found = exposure(contest.key)
    met = {}
    for pair in found["pairs"] if found else ():
        if slug == pair["first"]:
            met[pair["second"]] = {"battles": pair["battles"], "as_a": pair["first_as_a"]}
        elif slug == pair["second"]:
            met[pair["first"]] = {"battles": pair["battles"], "as_a": pair["battles"] - pair["first_as_a"]}
    return met
