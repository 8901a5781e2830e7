"""Exports: asked for here, written by Celery, fetched here."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.doors import organizer_required, signed_in
from frontend.console.words import round_words
from frontend.files import attached
from leaderboard.export_queue import ask_export, files_of
from leaderboard.keys import rounds_by
from leaderboard.models import Board, Export, Round


@require_safe
@organizer_required
def exports(request: HttpRequest) -> HttpResponse:
    asked = Export.objects.select_related("board__series", "asked_by").order_by("-asked_at")
    rounds = Round.objects.filter(series__boards__isnull=False).distinct().order_by("-number", "-leg")
    return render(
        request,
        "frontend/console/exports.html",
        {
            "exports": [{"row": one, "percent": percent(one), "files": sized(one)} for one in asked],
            "rounds": [
                {
                    "key": one.key,
                    "words": round_words(one),
                    "last": Board.objects.filter(series=one.series_id).latest("number").number,
                }
                for one in rounds
            ],
            "typed": {"round": request.GET.get("round", "")},
        },
    )


def percent(asked: Export) -> int:
    if asked.finished_at:
        return 100
    return min(99, 100 * asked.written // max(asked.board.position, 1))


def sized(asked: Export) -> list[dict[str, object]]:
    return [{"name": file.name, "size": file.stat().st_size} for file in files_of(asked)]


@require_POST
@organizer_required
def ask(request: HttpRequest) -> HttpResponse:
    edition = edition_named(request.POST.get("round", ""), request.POST.get("board", "").strip())
    if edition is None:
        messages.error(request, _("There is no such board."))
    else:
        ask_export(edition, by=signed_in(request))
        messages.success(request, _("The files are being written; this page shows how far they are."))
    return redirect("console_exports")


def edition_named(key: str, board: str) -> Board | None:
    """The board of a round by its number, or the newest without one."""
    boards = Board.objects.filter(series__round__in=rounds_by(key)).select_related("series")
    if not board:
        return boards.order_by("-number").first()
    return (
        boards.filter(number=int(board)).first() if board.isascii() and board.isdecimal() and len(board) < 9 else None
    )


@require_safe
@organizer_required
def progress(request: HttpRequest) -> HttpResponse:
    """How far each export is, for the page's script."""
    asked = Export.objects.select_related("board")
    return JsonResponse({str(one.pk): {"percent": percent(one), "over": over(one)} for one in asked})


def over(asked: Export) -> bool:
    return asked.finished_at is not None or bool(asked.trouble)


@require_safe
@organizer_required
def download(request: HttpRequest, number: int, name: str) -> HttpResponseBase:
    asked = get_object_or_404(Export.objects.select_related("board__series"), pk=number)
    file = next((one for one in files_of(asked) if one.name == name), None)
    if file is None:
        raise Http404
    return attached(request, file, f"{asked.board.series.slug}-board-{asked.board.number}-{name}")
