"""The forms of a round before it opens."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.audit import record
from accounts.doors import organizer_required, signed_in
from frontend.console.component_fields import scoring_shown
from frontend.console.deciding import as_typed, decided, done, moment, reasons
from frontend.console.rounds import about, the_round
from frontend.console.rule_fields import shown, tie_chain_shown, typed_rules
from inference.models import Entry
from leaderboard.drafts import CannotOpen, change_draft, draft_round, entrants
from leaderboard.models import Round, RoundState
from leaderboard.rulebook import Rulebook, changed, in_force
from leaderboard.states import begin

DAYS = 30  # between the dates that a new form proposes
PART, COMPETES, REFERENCE = "part-", "competes", "reference"


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def new(request: HttpRequest) -> HttpResponse:
    """A new draft: as the last round was, unless told otherwise."""
    last = Round.objects.filter(leg=0).order_by("-number").first()
    rules = in_force(last) if last else Rulebook()
    if request.method == "POST":
        made: list[Round] = []
        problem = done(lambda: made.append(drafted(request, rules)))
        if not problem:
            messages.success(request, _("The draft is there. Nobody but organizers sees it."))
            return redirect("console_round", key=made[0].key)
        return draft_page(request, None, rules, problem=problem)
    return draft_page(request, None, rules)


def drafted(request: HttpRequest, rules: Rulebook) -> Round:
    user = signed_in(request)
    opens_at, ends_at = dates(request)
    contest = draft_round(
        named(request, COMPETES), opens_at=opens_at, ends_at=ends_at, rulebook=changed(rules, wanted(request, rules))
    )
    begin(contest, by=user, **reasons(request))
    return contest


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
def edit(request: HttpRequest, key: str) -> HttpResponse:
    contest = the_round(key)
    if request.method == "POST":
        problem = decided(request, contest, lambda kept: redrafted(request, kept))
        if not problem:
            messages.success(request, _("The draft is changed."))
            return redirect("console_round", key=key)
        return draft_page(request, the_round(key), in_force(contest), problem=problem)
    if contest.state != RoundState.DRAFT:
        raise Http404
    return draft_page(request, contest, in_force(contest))


def redrafted(request: HttpRequest, kept: Round) -> None:
    opens_at, ends_at = dates(request)
    rules = wanted(request, in_force(kept))
    change_draft(kept, entries=named(request, COMPETES), opens_at=opens_at, ends_at=ends_at, rules=rules)
    record(signed_in(request), "round.draft_changed", kept.subject)


def dates(request: HttpRequest) -> tuple[Any, Any]:
    opens_at, ends_at = moment(request.POST.get("opens_at", "")), moment(request.POST.get("ends_at", ""))
    if opens_at is None:
        raise CannotOpen(_("the day on which it opens is no date"))
    if ends_at is None:
        raise CannotOpen(_("its end is no date"))
    return opens_at, ends_at


def wanted(request: HttpRequest, rules: Rulebook) -> dict[str, Any]:
    """The rules that the form means. The first reference is the one that strengths are told in percent of: it stays."""
    slugs = [entry.slug for entry in named(request, REFERENCE)]
    slugs.sort(key=lambda slug: rules.references.index(slug) if slug in rules.references else len(slugs))
    return typed_rules(rules, request.POST) | {"references": slugs}


def named(request: HttpRequest, part: str) -> list[Entry]:
    """The entries that the form gives this part."""
    slugs = [name.removeprefix(PART) for name, value in request.POST.items() if name.startswith(PART) and value == part]
    return list(Entry.objects.filter(slug__in=slugs).order_by("slug"))


def parts_of(contest: Round | None, rules: Rulebook, typed: QueryDict | None) -> dict[str, str]:
    """Which entry has which part, as stored or as typed."""
    if typed is not None:
        return {name.removeprefix(PART): str(value) for name, value in typed.items() if name.startswith(PART)}
    competing = {entry.slug: COMPETES for entry in entrants(contest)} if contest else {}
    return competing | dict.fromkeys(rules.references, REFERENCE)


def draft_page(request: HttpRequest, contest: Round | None, rules: Rulebook, *, problem: str = "") -> HttpResponse:
    typed = request.POST if request.method == "POST" else None
    tomorrow = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=1)
    stored = {
        "opens_at": as_typed(contest.opens_at if contest else tomorrow),
        "ends_at": as_typed(contest.ends_at if contest else tomorrow + timedelta(days=DAYS)),
    }
    parts = parts_of(contest, rules, typed)
    context = {
        **(about(contest) if contest else {}),
        "problem": problem,
        "typed": typed.dict() if typed is not None else stored,
        "chapters": shown(rules, typed),
        "scoring": scoring_shown(rules, typed),
        "tie_chain": tie_chain_shown(rules, typed),
        "tie_component": typed.get("tie_component", "") if typed is not None else rules.tie_component or "",
        "entries": [
            {"entry": entry, "part": parts.get(entry.slug, "")}
            for entry in Entry.objects.select_related("team").order_by("team__name", "name")
        ],
    }
    return render(request, "frontend/console/draft.html", context, status=409 if problem else 200)
