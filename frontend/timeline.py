"""The page of a round: its states, what happens when, and who moved it for what reason."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from arena.visitors import introduces_visitor
from frontend.views import in_language
from leaderboard.models import UNOPENED
from leaderboard.timeline import timeline

STATE_NAMES: Mapping[str, Any] = {
    "draft": gettext_lazy("Draft"),
    "scheduled": gettext_lazy("Scheduled"),
    "open": gettext_lazy("Open"),
    "frozen": gettext_lazy("Frozen"),
    "closed": gettext_lazy("Closed"),
    "tallied": gettext_lazy("Tallied"),
    "run_off": gettext_lazy("Run-off"),
    "provisional": gettext_lazy("Provisional result"),
    "appeal": gettext_lazy("Appeals"),
    "final": gettext_lazy("Final result"),
    "annulled": gettext_lazy("Annulled"),
}
STATES_MEAN: Mapping[str, Any] = {
    "draft": gettext_lazy("The organizers are still writing it."),
    "scheduled": gettext_lazy("The dates and the rules are public."),
    "open": gettext_lazy("Votes count, and the board is live."),
    "frozen": gettext_lazy("Votes count; the board stands still, and no vote tells names."),
    "closed": gettext_lazy("No more votes count."),
    "tallied": gettext_lazy("All votes are counted twice. The organizers check the result."),
    "run_off": gettext_lazy("The final numbers are shown. Who is tied at the line plays a run-off."),
    "provisional": gettext_lazy("The final board is published and says who is out."),
    "appeal": gettext_lazy("The result can be appealed against."),
    "final": gettext_lazy("Two organizers sign the result."),
    "annulled": gettext_lazy("This round decides nothing, and nobody is out by it."),
}
# The same, said of where a round stands.
REACHED: Mapping[str, Any] = {"final": gettext_lazy("Two organizers have signed the result.")}
PLACES: Mapping[str, Any] = {"past": gettext_lazy("Done"), "now": gettext_lazy("Now"), "ahead": gettext_lazy("To come")}
ACTORS: Mapping[str, Any] = {
    "organizer": gettext_lazy("An organizer"),
    "two": gettext_lazy("Two organizers"),
    "schedule": gettext_lazy("The schedule"),
    "command": gettext_lazy("The site's operator"),
    "round": gettext_lazy("Its round"),
}
PUNCTUAL = timedelta(minutes=1)


@require_safe
@introduces_visitor
def round_page(request: HttpRequest, key: str) -> HttpResponse:
    found = timeline(key)
    if found is None:
        raise Http404
    return render(
        request,
        "frontend/round.html",
        {
            "round": found,
            "title": in_language(found["title"], found["title_ko"]),
            "state_name": STATE_NAMES[found["state"]],
            "state_more": reached(found["state"]),
            "composite": found["score"] == "composite" and found["state"] not in UNOPENED,
            "has_board": any(stage["state"] == "open" and stage["place"] != "ahead" for stage in found["stages"]),
            "run_offs": [{"key": key, "words": run_off_words(key)} for key in found["run_offs"]],
            "run_off_of": found["run_off_of"],
            "stages": [stage_as_drawn(stage) for stage in found["stages"]],
            "steps": [step_as_drawn(step) for step in reversed(found["steps"])],
        },
    )


def reached(state: str) -> Any:
    """What it means that a round is there now."""
    return REACHED.get(state, STATES_MEAN[state])


def run_off_words(key: str) -> str:
    """What a run-off is called beside its round: that it is one, and from the second on which."""
    leg = key.partition("-run-off-")[2]
    return _("Run-off {leg}").format(leg=leg) if leg else _("Run-off")


def stage_as_drawn(stage: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **stage,
        "name": STATE_NAMES[stage["state"]],
        "means": STATES_MEAN[stage["state"]],
        "place_words": PLACES[stage["place"]],
        "at": moment(stage["at"]),
    }


def step_as_drawn(step: Mapping[str, Any]) -> dict[str, Any]:
    at, due_at = datetime.fromisoformat(step["at"]), moment(step["due_at"])
    return {
        "number": step["number"],
        "at": at,
        "late": due_at if due_at and at - due_at > PUNCTUAL else None,
        "ends_at": moment(step["ends_at"]),
        "from": STATE_NAMES[step["from"]] if step["from"] else None,
        "to": STATE_NAMES[step["to"]],
        "stays": step["from"] == step["to"],
        "who": ACTORS["two" if step["signed_by_two"] else step["actor"]],
        "reason": in_language(step["reason"], step["reason_ko"]),
    }


def moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None
