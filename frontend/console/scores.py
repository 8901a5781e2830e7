"""Composite scores for organizers: who judges, marks to enter or to read from a file, looked at before they count."""

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.doors import organizer_required, recently, signed_in
from accounts.models import Team
from frontend.console.deciding import decided, reasons
from frontend.console.mark_table import Table
from frontend.console.rounds import about, the_round
from frontend.rules import title_of
from frontend.scores import as_drawn
from leaderboard.components import Arena, Benchmark, Panel
from leaderboard.evidence import read_evidence
from leaderboard.models import Judge, Round
from leaderboard.rulebook import in_force
from leaderboard.scoring.mark_files import COLUMNS, LARGEST, digest_of_file, read_marks
from leaderboard.scoring.marks import CORRECTABLE, Said, enter_marks
from leaderboard.scoring.panels import MARKABLE, CannotMark, add_judge, declare_conflict
from leaderboard.scoring.told import told
from leaderboard.seen import ChangedMeanwhile


class Previewed(Exception):
    """The marks would be taken. Nothing of it was kept."""


@require_safe
@organizer_required
def scores(request: HttpRequest, key: str) -> HttpResponse:
    """Everything that is entered, public or not, and what is missing."""
    return scores_page(request, composite(key))


def composite(key: str) -> Round:
    """The round, if its rulebook has components. Raises Http404."""
    contest = the_round(key)
    if not in_force(contest).components:
        raise Http404
    return contest


def scores_page(request: HttpRequest, contest: Round, *, problem: str = "") -> HttpResponse:
    rules = in_force(contest)
    teams = Team.objects.filter(participations__round=contest).distinct().order_by("name")
    context = {
        **as_drawn(told(contest)),
        **about(contest),
        "problem": problem,
        "typed": request.POST.dict(),
        "marked": [
            {"name": one.name, "title": title_of(one), "judged": judged(one), "judges": judges_of(contest, one.name)}
            for one in rules.components
            if not isinstance(one, Arena)
        ],
        "markable": contest.state in MARKABLE,
        "correctable": contest.state in CORRECTABLE,
        "teams": teams,
    }
    return render(request, "frontend/console/scores.html", context, status=409 if problem else 200)


def judged(rule: Benchmark | Panel) -> bool:
    return isinstance(rule, Panel) and rule.marks == "judges"


def judges_of(contest: Round, component: str) -> list[dict[str, Any]]:
    found = Judge.objects.filter(round=contest, component=component).prefetch_related("conflicts__team")
    return [{"judge": one, "conflicts": [each.team.name for each in one.conflicts.all()]} for one in found]


@require_POST
@organizer_required
@recently
def name_judge(request: HttpRequest, key: str, component: str) -> HttpResponse:
    contest = composite(key)
    told = {name: request.POST.get(name, "") for name in ("name", "pseudonym", "email")}
    problem = decided(request, contest, lambda kept: add_judge(kept, component, by=signed_in(request), **told))
    if problem:
        return scores_page(request, the_round(key), problem=problem)
    messages.success(request, _("The judge is named."))
    return redirect("console_scores", key=key)


@require_POST
@organizer_required
@recently
def conflict(request: HttpRequest, key: str, component: str) -> HttpResponse:
    contest = composite(key)
    named = request.POST.get("judge", "")
    judge = get_object_or_404(
        Judge, round=contest, component=component, pk=int(named) if named.isdecimal() and len(named) < 10 else 0
    )
    team = get_object_or_404(Team, slug=request.POST.get("team", ""))
    why = request.POST.get("why", "")
    problem = decided(request, contest, lambda kept: declare_conflict(judge, team, reason=why, by=signed_in(request)))
    if problem:
        return scores_page(request, the_round(key), problem=problem)
    messages.success(request, _("The conflict is noted: this judge does not mark that model."))
    return redirect("console_scores", key=key)


@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def marks(request: HttpRequest, key: str, component: str) -> HttpResponse:
    """The table of a component: filled by hand or from a file, looked at, then entered."""
    contest = composite(key)
    rule = next((one for one in in_force(contest).components if one.name == component), None)
    if rule is None or isinstance(rule, Arena):
        raise Http404
    if request.method == "POST" and "file" in request.FILES:
        return from_file(request, contest, rule)
    if request.method != "POST" or request.POST.get("sure") == "no":
        return table_page(request, contest, rule)
    try:
        problem = decided(request, contest, lambda kept: entered(request, kept, rule))
    except Previewed:
        return sure_page(request, contest, rule)
    if problem:
        return table_page(request, the_round(key), rule, problem=problem)
    messages.success(request, _("The marks are entered."))
    return redirect("console_scores", key=key)


def entered(request: HttpRequest, contest: Round, rule: Benchmark | Panel) -> None:
    """Enter the marks; if nobody has looked at them yet, only as far as to see that it can be done."""
    table = Table.of(contest, rule)
    if table.seen != request.POST.get("marks_seen"):
        raise ChangedMeanwhile
    said = Said(
        evidence=read_evidence(request.POST.get("evidence", "")),
        by=signed_in(request),
        source_digest=request.POST.get("source_digest", ""),
        **reasons(request),
    )
    enter_marks(contest, rule.name, table.given(request.POST), said)
    if request.POST.get("sure") != "yes":
        raise Previewed


def from_file(request: HttpRequest, contest: Round, rule: Benchmark | Panel) -> HttpResponse:
    """The table as a file fills it. Nothing is entered yet."""
    file = request.FILES["file"]
    assert isinstance(file, UploadedFile)  # one name, one file
    content = file.read(LARGEST + 1)
    table = Table.of(contest, rule)
    try:
        fields = table.read_in(read_marks(content))
    except CannotMark as why:
        return table_page(request, contest, rule, problem=_("Nothing was done: {why}.").format(why=why))
    messages.success(request, _("The file is read. Look at the table; nothing is entered yet."))
    return table_page(request, contest, rule, fields=fields, source_digest=digest_of_file(content))


def table_page(
    request: HttpRequest,
    contest: Round,
    rule: Benchmark | Panel,
    *,
    problem: str = "",
    fields: dict[str, str] | None = None,
    source_digest: str = "",
) -> HttpResponse:
    table = Table.of(contest, rule)
    typed = request.POST.dict()
    context = {
        **about(contest),
        "component": {"name": rule.name, "title": title_of(rule)},
        "table": table.rows({name: str(value) for name, value in typed.items()} | (fields or {})),
        "columns": table.columns,
        "marks_seen": table.seen,
        "source_digest": source_digest or typed.get("source_digest", ""),
        "csv_columns": ", ".join(COLUMNS),
        "typed": typed,
        "problem": problem,
    }
    return render(request, "frontend/console/marks.html", context, status=409 if problem else 200)


def sure_page(request: HttpRequest, contest: Round, rule: Benchmark | Panel) -> HttpResponse:
    differences = [
        {"name": f"{slug} · {column.title}", "before": before, "after": after}
        for column, slug, before, after in Table.of(contest, rule).changed(request.POST)
    ]
    kept = [(name, value) for name, value in request.POST.items() if name not in ("csrfmiddlewaretoken", "sure")]
    context = {
        **about(contest),
        "component": {"name": rule.name, "title": title_of(rule)},
        "differences": differences,
        "typed": request.POST.dict(),
        "kept": kept,
    }
    return render(request, "frontend/console/marks_sure.html", context)
