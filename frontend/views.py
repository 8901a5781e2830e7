"""The pages. Each is readable without a script; the scripts make them live."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from math import ceil
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from arena.content import PROMPT_LIMIT
from arena.erasing import erase_conversations, held_conversations
from arena.limits import WINDOW_SECONDS
from arena.replay import KEEP_SECONDS
from arena.visitors import introduces_visitor, voter_id
from frontend import figures, plots
from frontend.categories import category_page, kinds, selectable
from frontend.codes import wants_code
from frontend.countdown import countdown, end_of
from frontend.rules import rules_in_words
from frontend.words import (
    CHANCE,
    COOKIES,
    LINE,
    MOVED,
    OF_REFERENCE,
    ROUND_STATES,
    RUN_OFF,
    STATUSES,
    VERDICTS,
    arena_words,
    board_words,
    erased_words,
    line_flip,
    privacy_words,
    voters_flip,
)
from leaderboard.boards import all_series, board
from leaderboard.course import days, ranks
from leaderboard.exposure import exposure
from leaderboard.models import DECIDED, LIVE, UNOPENED, Round, RoundState
from leaderboard.official import official, official_lists
from leaderboard.rulebook import digest_of, in_force, read_rulebook
from leaderboard.timeline import public_round
from leaderboard.winrates import win_rates


@require_safe
@introduces_visitor
def arena(request: HttpRequest) -> HttpResponse:
    contest = Round.objects.filter(state__in=LIVE).select_related("series").first()
    return render(
        request,
        "frontend/arena.html",
        {
            "words": arena_words(),
            "verdicts": VERDICTS,
            "wants_code": wants_code(request),
            "prompt_limit": PROMPT_LIMIT,
            "contest": contest,
            "contest_title": contest and in_language(contest.series.title, contest.series.title_ko),
            "end": contest and end_of(contest.ends_at),
        },
    )


@require_safe
@introduces_visitor
def board_page(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("series")
    if "category" in request.GET:
        return category_page(request, wanted, request.GET["category"])
    day = day_named(request.GET["date"]) if "date" in request.GET else None
    found = official(wanted, day) if day else board(wanted)
    if found is None and (wanted or day):
        raise Http404
    lists = official_lists(wanted)
    series = [{"slug": one["slug"], "title": in_language(one["title"], one["title_ko"])} for one in all_series()]
    return render(
        request,
        "frontend/board.html",
        {
            "words": board_words(),
            "series": series,
            "board": found and board_as_drawn(found),
            "composite": bool(found and found["round"] and total_decides(found["round"]["key"])),
            "day": day,
            "selectable": selectable(),
            "days": [date.fromisoformat(one["date"]) for one in lists["lists"]] if lists else [],
        },
    )


def total_decides(key: str) -> bool:
    """Whether the rating is only one component of what decides in this round."""
    contest = public_round(key)
    return contest is not None and bool(in_force(contest).components)


def day_named(text: str) -> date:
    """The day that an address names. Raises Http404."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404 from None


@require_safe
@introduces_visitor
def exposure_page(request: HttpRequest, key: str) -> HttpResponse:
    found = exposure(key)
    if found is None:
        raise Http404
    names = {entry["slug"]: entry["name"] for entry in found["entries"]}
    return render(
        request,
        "frontend/exposure.html",
        {
            "exposure": found,
            "title": in_language(found["title"], found["title_ko"]),
            "explore": round(100 * found["design"]["explore"]) if found["design"] else 100,
            "entries": [
                entry | {"as_b": entry["battles"] - entry["as_a"], "rate": failed_in_percent(entry)}
                for entry in found["entries"]
            ],
            "pairs": [pair_as_drawn(pair, names) for pair in found["pairs"]],
            "matrix": figures.meetings(found),
        },
    )


@require_safe
@introduces_visitor
def figures_page(request: HttpRequest, key: str) -> HttpResponse:
    rates, course, standing = win_rates(key), days(key), ranks(key)
    if rates is None or course is None or standing is None:
        raise Http404
    return render(
        request,
        "frontend/figures.html",
        {
            "round": rates,
            "series": rates["series"],
            "title": in_language(rates["title"], rates["title_ko"]),
            "counted": rates["votes"],
            "board": rates["number"],
            "matrix": figures.matrix(rates),
            "pairs": figures.pairs(rates),
            "daily": figures.daily(course),
            "ranks": figures.ranks(standing),
        },
    )


@require_safe
@introduces_visitor
def rules_page(request: HttpRequest, key: str) -> HttpResponse:
    contest = public_round(key)
    if contest is None:
        raise Http404
    wanted = request.GET.get("version", "")
    versions = list(contest.rulebooks.order_by("-version"))
    shown = next((one for one in versions if wanted in ("", str(one.version))), None)
    if shown is None and (versions or wanted):
        raise Http404
    content = shown.content if shown else contest.draft
    return render(
        request,
        "frontend/rules.html",
        {
            "contest": contest,
            "title": in_language(contest.series.title, contest.series.title_ko),
            "shown": shown,
            "digest": digest_of(content),
            "chapters": rules_in_words(read_rulebook(content)),
            "composite": bool(read_rulebook(content).components) and contest.state not in UNOPENED,
            "versions": [{"made": one, "reason": in_language(one.reason, one.reason_ko)} for one in versions],
        },
    )


@require_safe
@introduces_visitor
def about(request: HttpRequest) -> HttpResponse:
    return render(request, "frontend/about.html", {"kinds": kinds()})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@introduces_visitor
def privacy(request: HttpRequest) -> HttpResponse:
    visitor = voter_id(request.COOKIES)
    if request.method == "POST":
        number = erase_conversations(visitor) if visitor else 0
        return redirect(f"{reverse('privacy')}?erased={number}#delete")
    erased = request.GET.get("erased", "")
    return render(
        request,
        "frontend/privacy.html",
        {
            "words": privacy_words(),
            "retention_days": settings.RETENTION_DAYS,
            "shown_minutes": ceil(KEEP_SECONDS / 60),
            "window_minutes": ceil(WINDOW_SECONDS / 60),
            "moderated": bool(settings.MODERATION_URL),
            "cookies": [
                {"name": name, "purpose": COOKIES[kind], "days": age and ceil(age / 86_400)}
                for kind, name, age in cookies()
            ],
            "held": held_conversations(visitor).count() if visitor else 0,
            "erased": erased_words(int(erased)) if re.fullmatch("[0-9]{1,6}", erased) else None,
        },
    )


def cookies() -> list[tuple[str, str, int | None]]:
    """All that a visit may set: what for, under which name, for how many seconds. None: until the browser is closed."""
    return [
        ("visitor", settings.VISITOR_COOKIE, settings.VISITOR_COOKIE_AGE),
        ("csrf", settings.CSRF_COOKIE_NAME, settings.CSRF_COOKIE_AGE),
        ("language", settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_COOKIE_AGE),
        ("session", settings.SESSION_COOKIE_NAME, None),
    ]


def board_as_drawn(found: Mapping[str, Any]) -> dict[str, Any]:
    """A board with what its picture needs: where each row stands, and on which side of the line."""
    on = plots.scale(found)
    contest = found["round"]
    line = contest["line"] if contest else None
    below = plots.below(found)
    rows = [
        {
            **standing,
            "below": standing["slug"] in below,
            "href": reverse("entry", args=[standing["slug"]]) if contest else None,
            "plot": plots.interval(standing, on),
            "status_word": STATUSES[standing["status"]],
            "ranks": plots.ranks(standing),
            "moved": moved_words(standing, found["since"]),
            "gained": plots.gained(standing),
            "chance": "" if (p := standing["p_cut"]) is None else CHANCE.format(percent=plots.percent(p)),
            "of_reference": of_reference(standing, contest and contest["reference"]),
        }
        for standing in found["standings"]
    ]
    return {
        **found,
        "title": in_language(found["title"], found["title_ko"]),
        "note": in_language(found["note"], found["note_ko"]),
        "created_at": datetime.fromisoformat(found["created_at"]),
        **(dates_as_drawn(contest) if contest else {}),
        **(round_as_drawn(contest) if contest else {}),
        "since": date.fromisoformat(found["since"]) if found["since"] else None,
        "tied": tied_words(found),
        "outlook": outlook_words(contest["outlook"]) if contest and contest["outlook"] else None,
        "line_at": f"{on.at(line)}%" if on and line is not None else None,
        "rows": rows,
        # Where a total decides, there is a chance to go out only once the total is known.
        "by_total": any(row["p_cut"] is not None for row in rows),
        "blank": {"href": "#" if contest else None},
        "above": [row for row in rows if not row["below"] and not plots.beside(row)],
        "below": [row for row in rows if row["below"]],
        "beside": [row for row in rows if plots.beside(row)],
    }


def dates_as_drawn(contest: Mapping[str, Any]) -> dict[str, Any]:
    """When a round ends and when its board freezes, with what is left until then."""
    ends_at = datetime.fromisoformat(contest["ends_at"])
    freezes_at = datetime.fromisoformat(contest["freezes_at"]) if contest["freezes_at"] else None
    return {
        "ends_at": ends_at,
        "end": end_of(ends_at),
        "freezes_at": freezes_at,
        "freeze": countdown(freezes_at or ends_at),
        "to_freeze": contest["state"] == RoundState.OPEN and freezes_at is not None,
    }


def moved_words(standing: Mapping[str, Any], since: str | None) -> dict[str, str]:
    """How a rank has changed since the official list: what is seen, and what is heard."""
    key, places = plots.moved(standing, since)
    mark, words = MOVED[key] if key else ("", "")
    return {"mark": str(mark).format(n=places), "words": str(words).format(n=places)}


def round_as_drawn(contest: Mapping[str, Any]) -> dict[str, Any]:
    """What a board says of its round's state."""
    state, run_off = contest["state"], contest["run_off"]
    words, more = ROUND_STATES[state]
    if state == RoundState.RUN_OFF and run_off:
        more = RUN_OFF["run_off_among"].format(names=", ".join(one["name"] for one in run_off["among"]))
    next_words = "to_the_run_off" if run_off and run_off["series"] == contest["next"] else "to_the_next_round"
    settled = (RoundState.FINAL, RoundState.ANNULLED)
    return {
        "state_words": words,
        "state_more": more,
        "next_words": RUN_OFF[next_words],
        "voting": state in LIVE,
        "decided": state in (*DECIDED, RoundState.ANNULLED),
        "moves": state not in settled,
    }


def of_reference(standing: Mapping[str, Any], reference: Mapping[str, str] | None) -> str:
    """How strong it is in percent of the round's reference."""
    figures = plots.of_reference(standing)
    return OF_REFERENCE.format(reference=reference["name"], **figures) if figures and reference else ""


def tied_words(found: Mapping[str, Any]) -> str:
    """Who stands at the line, so that the votes do not tell who goes."""
    tied = plots.tied(found)
    names = ", ".join(standing["name"] for standing in found["standings"] if standing["slug"] in tied)
    return names and LINE["line_tied"].format(names=names)


def outlook_words(outlook: Mapping[str, Any]) -> dict[str, str]:
    """How many votes the line still needs, and how few turned it."""
    key, low, high = plots.needed(outlook)
    flip, found = outlook["votes_to_flip"], outlook["voters_to_flip"]
    voters = found and found["voters"]
    return {
        "needed": LINE[key].format(low=grouped(low or 0), high=grouped(high or 0)),
        "flip": "" if flip is None else line_flip(flip).format(n=grouped(flip)),
        "voters": ""
        if voters is None
        else voters_flip(voters).format(n=grouped(voters), position=grouped(found["position"])),
    }


def grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


def pair_as_drawn(pair: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A pair of the exposure page: names for slugs, percent for shares, and how often the first was B."""
    percents = {key: None if (share := pair[key]) is None else 100 * share for key in ("share", "expected", "chance")}
    return {
        **pair,
        **percents,
        "first": names[pair["first"]],
        "second": names[pair["second"]],
        "first_as_b": pair["battles"] - pair["first_as_a"],
    }


def failed_in_percent(entry: Mapping[str, Any]) -> dict[str, float] | None:
    """How often of its battles an entry of the exposure failed; None where that is not known, or there are none."""
    if not entry.get("battles") or entry.get("failed") is None:
        return None
    return {
        "share": 100 * entry["failed"] / entry["battles"],
        "low": 100 * entry["failed_low"],
        "high": 100 * entry["failed_high"],
    }


def in_language(english: str, korean: str) -> str:
    """Words that organizers write in both languages; the Korean may be missing."""
    return korean if korean and get_language() == "ko" else english
