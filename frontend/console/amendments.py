"""Other rules for an open round: typed, looked at, and then put into force."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.audit import record
from accounts.doors import organizer_required, recently, signed_in
from frontend.console.deciding import decided, reasons
from frontend.console.rounds import about, the_round
from frontend.console.rule_fields import shown, typed_rules
from frontend.console.words import round_words
from frontend.rules import Rule, rules_in_words
from leaderboard.amending import amend_round
from leaderboard.models import Round, RoundState
from leaderboard.rulebook import Rulebook, in_force, read_rulebook


class Previewed(Exception):
    """The amendment would be taken, and this is what it would change. Nothing of it was kept."""

    def __init__(self, differences: list[dict[str, str]]) -> None:
        super().__init__()
        self.differences = differences


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def amend(request: HttpRequest, key: str) -> HttpResponse:
    """The form, what it would change, and the amendment itself, for a reason that everybody can read."""
    contest = the_round(key)
    problem = ""
    if request.method == "POST" and request.POST.get("sure") != "no":
        try:
            problem = decided(request, contest, lambda kept: amended(request, kept))
        except Previewed as would:
            return sure_page(request, contest, would.differences)
        if not problem:
            messages.success(request, _("{round} has new rules.").format(round=round_words(contest)))
            return redirect("console_round", key=key)
        contest = the_round(key)
    elif request.method != "POST" and contest.state != RoundState.OPEN:
        raise Http404
    typed = request.POST if request.method == "POST" else None
    context = {
        **about(contest),
        "problem": problem,
        "typed": typed.dict() if typed is not None else {},
        "chapters": shown(in_force(contest), typed, opened=True),
    }
    return render(request, "frontend/console/amend.html", context, status=409 if problem else 200)


def amended(request: HttpRequest, kept: Round) -> None:
    """Amend the round; if nobody has looked at it yet, only as far as to see that it can be done. Raises Previewed."""
    before = in_force(kept)
    made = amend_round(kept, typed_rules(before, request.POST), **reasons(request))
    if request.POST.get("sure") != "yes":
        raise Previewed(differences(before, read_rulebook(made.content)))
    record(signed_in(request), "round.amended", kept.subject, version=made.version, **reasons(request))


def sure_page(request: HttpRequest, contest: Round, found: list[dict[str, str]]) -> HttpResponse:
    kept = [(name, value) for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "sure")]
    context = {**about(contest), "differences": found, "typed": request.POST.dict(), "kept": kept}
    return render(request, "frontend/console/amend_sure.html", context)


def differences(before: Rulebook, after: Rulebook) -> list[dict[str, str]]:
    """The rules that say something else afterwards, in words."""
    old = {(chapter.title, rule.name): rule for chapter in rules_in_words(before) for rule in chapter.rules}
    new = {(chapter.title, rule.name): rule for chapter in rules_in_words(after) for rule in chapter.rules}
    return [
        {"name": name, "before": in_full(old.get((title, name))), "after": in_full(new.get((title, name)))}
        for title, name in dict.fromkeys([*old, *new])
        if old.get((title, name)) != new.get((title, name))
    ]


def in_full(rule: Rule | None) -> str:
    return "–" if rule is None else " ".join([rule.words, *rule.steps, rule.quoted]).strip()
