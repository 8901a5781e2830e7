"""The public log: what was decided, by whom and why, and what went wrong."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend.eligibility_words import ALLEGATION_STATES, AXES_SHORT, OUTCOMES, SOURCES
from frontend.timeline import ACTORS, STATE_NAMES
from frontend.views import grouped, in_language
from frontend.words import CHANGES, GROUNDS, RULING_EFFECTS, RULING_OUTCOMES
from inference.models import Entry
from leaderboard.cut.drawing import in_seoul
from leaderboard.models import Round, RoundState
from leaderboard.public_log import KINDS, Line, mark_named, page
from leaderboard.timeline import public_round

KIND_NAMES: Mapping[str, Any] = {
    "transition": gettext_lazy("Steps of rounds"),
    "participation": gettext_lazy("Who left or came back"),
    "amendment": gettext_lazy("Rules amended"),
    "decision": gettext_lazy("Who goes"),
    "verdict": gettext_lazy("Verdicts"),
    "allegation": gettext_lazy("Allegations"),
    "settlement": gettext_lazy("What became of allegations"),
    "hiding": gettext_lazy("Rights notices"),
    "ruling": gettext_lazy("Rulings on appeals"),
    "beacon": gettext_lazy("Public random numbers named"),
    "beacon_value": gettext_lazy("Public random numbers known"),
    "call": gettext_lazy("Calls for a wildcard"),
    "call_outcome": gettext_lazy("What came of calls"),
    "set_aside": gettext_lazy("Votes not counted"),
    "incident": gettext_lazy("Incidents"),
}


@require_safe
@introduces_visitor
def log_page(request: HttpRequest) -> HttpResponse:
    """The newest lines, or those before a mark; of one kind, or of one round, if they are asked for."""
    kind, wanted = request.GET.get("kind", ""), request.GET.get("round", "")
    if kind and kind not in KINDS:
        raise Http404
    contest = round_named(wanted) if wanted else None
    before = request.GET.get("before", "")
    mark = mark_named(before) if before else None
    if before and mark is None:
        raise Http404
    lines, further = page(kind=kind or None, contest=contest, before=mark)
    rounds = Round.objects.exclude(state=RoundState.DRAFT).select_related("series").order_by("-pk")
    return render(
        request,
        "frontend/log.html",
        {
            "lines": [as_drawn(line) for line in lines],
            "further": further and str(further),
            "older": mark is not None,
            "kinds": KIND_NAMES.items(),
            "kind": kind,
            "rounds": [{"key": one.key, "title": in_language(one.series.title, one.series.title_ko)} for one in rounds],
            "round": wanted,
        },
    )


def round_named(text: str) -> Round:
    """The public round that an address names. Raises Http404."""
    found = public_round(text)
    if found is None:
        raise Http404
    return found


def as_drawn(line: Line) -> dict[str, Any]:
    told = line.told or {}
    return {
        "kind": line.mark.kind,
        "kind_name": KIND_NAMES[line.mark.kind],
        "at": line.mark.at,
        "round": line.round,
        "title": in_language(line.round.series.title, line.round.series.title_ko) if line.round else "",
        "entry": line.entry and {"slug": line.entry[0], "name": line.entry[1]},
        "words": WORDS[line.mark.kind](told),
        "link": link(line, told),
        "reason": in_language(line.reason, line.reason_ko),
        "more": incident_as_drawn(told) if line.mark.kind == "incident" else None,
    }


def link(line: Line, told: Mapping[str, Any]) -> str:
    """Where more stands of it."""
    if line.round is None or line.mark.kind == "incident":
        return ""
    key, number, slug = line.round.key, told.get("number"), line.entry[0] if line.entry else ""
    raised = ("eligibility", key, f"#allegation-{number}")
    name, which, rest = {
        "verdict": ("eligibility", key, f"#entry-{slug}"),
        "allegation": raised,
        "settlement": raised,
        "hiding": raised,
        "decision": ("cut", key, ""),
        "beacon": ("cut", key, "#beacon"),
        "beacon_value": ("cut", key, "#beacon"),
        "ruling": ("appeals", key, f"#appeal-{number}"),
        "amendment": ("rules", key, f"?version={told.get('version')}"),
        "call": ("call", number, ""),
        "call_outcome": ("call", number, ""),
        "set_aside": ("figures", key, ""),
    }.get(line.mark.kind, ("round", key, ""))
    return reverse(name, args=[which]) + rest


def transition(told: Mapping[str, Any]) -> str:
    states = [str(STATE_NAMES[state]) for state in (told["from"], told["to"]) if state]
    who = ACTORS["two" if told["signed_by_two"] else told["actor"]]
    return f"{' → '.join(dict.fromkeys(states))} · {who}"


def participation(told: Mapping[str, Any]) -> str:
    became = str(CHANGES[told["to"] if told["from"] else "admitted"])
    if told["axis"]:
        return _("{became}: did not pass the gate ({axis})").format(became=became, axis=AXES_SHORT[told["axis"]])
    return became


def amendment(told: Mapping[str, Any]) -> str:
    return _("Version {n} of the rulebook").format(n=told["version"])


def decision(told: Mapping[str, Any]) -> str:
    words = _("{who} out") if told["goes"] else _("Nobody is out")
    who = words.format(who=named(told["goes"]))
    if told["edition"] == 1:
        return who
    return _("{who} (edition {n}, by a ruling)").format(who=who, n=told["edition"])


def named(slugs: Collection[str]) -> str:
    return ", ".join(Entry.objects.filter(slug__in=slugs).order_by("slug").values_list("name", flat=True))


def call(told: Mapping[str, Any]) -> str:
    return _("Call {n}: teams may apply for a place in the next round").format(n=told["number"])


def call_outcome(told: Mapping[str, Any]) -> str:
    if not told["admitted"]:
        return _("Call {n}: nobody is admitted").format(n=told["number"])
    return _("Call {n}: {who} is admitted").format(n=told["number"], who=named(told["admitted"]))


def verdict(told: Mapping[str, Any]) -> str:
    words = f"{AXES_SHORT[told['axis']]}: {OUTCOMES[told['outcome']]}"
    return f"{words} · {ACTORS['two' if told['signed_by_two'] else 'organizer']}"


def allegation(told: Mapping[str, Any]) -> str:
    who = told["team"] or SOURCES[told["source"]]
    return _("An allegation ({axis}), raised by: {who}").format(axis=AXES_SHORT[told["axis"]], who=who)


def settlement(told: Mapping[str, Any]) -> str:
    before, after = ALLEGATION_STATES[told["from"]], ALLEGATION_STATES[told["to"]]
    return _("An allegation ({axis}): {before} → {after}").format(
        axis=AXES_SHORT[told["axis"]], before=before, after=after
    )


def hiding(told: Mapping[str, Any]) -> str:
    if not told["days"]:
        return _("An allegation is shown again before its time")
    return ngettext(
        "After a rights notice, an allegation is hidden for {n} day",
        "After a rights notice, an allegation is hidden for {n} days",
        told["days"],
    ).format(n=told["days"])


def ruling(told: Mapping[str, Any]) -> str:
    return _("The appeal of {team} ({ground}): {outcome}. {effect}.").format(
        team=told["team"],
        ground=GROUNDS[told["ground"]],
        outcome=RULING_OUTCOMES[told["outcome"]],
        effect=RULING_EFFECTS[told["effect"]],
    )


def beacon(told: Mapping[str, Any]) -> str:
    return _("Named for a last tie: {source}, number {n}, which comes out {at}").format(
        source=told["source"], n=told["number"], at=in_seoul(datetime.fromisoformat(told["published_at"]))
    )


def beacon_value(told: Mapping[str, Any]) -> str:
    return _("{source}, number {n} is {value}").format(source=told["source"], n=told["number"], value=told["value"])


def set_aside(told: Mapping[str, Any]) -> str:
    words = ngettext(
        "The day before, {n} vote was kept and not counted; {all} so far in this round.",
        "The day before, {n} votes were kept and not counted; {all} so far in this round.",
        told["votes"],
    )
    return words.format(n=grouped(told["votes"]), all=grouped(told["in_all"]))


def incident(told: Mapping[str, Any]) -> str:
    return _("An incident") if told["ended_at"] else _("An incident, not over yet")


def incident_as_drawn(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "what": in_language(told["what"], told["what_ko"]),
        "done": in_language(told["done"], told["done_ko"]),
        "began_at": datetime.fromisoformat(told["began_at"]),
        "ended_at": datetime.fromisoformat(told["ended_at"]) if told["ended_at"] else None,
    }


WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "transition": transition,
    "participation": participation,
    "amendment": amendment,
    "decision": decision,
    "verdict": verdict,
    "allegation": allegation,
    "settlement": settlement,
    "hiding": hiding,
    "ruling": ruling,
    "beacon": beacon,
    "beacon_value": beacon_value,
    "call": call,
    "call_outcome": call_outcome,
    "set_aside": set_aside,
    "incident": incident,
}
