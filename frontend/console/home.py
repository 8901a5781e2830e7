"""What needs a decision, who is well, the live board, and what was done."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from accounts.doors import organizer_required
from accounts.models import Action
from frontend.console.words import DONE_AT, PARTS, STATES, action_words, need_words, round_words, subject_words
from frontend.followed import WORKER_STATES
from frontend.views import board_as_drawn, in_language
from inference.draining import states
from inference.models import Entry, Worker
from inference.standing import why_refused_now
from leaderboard.boards import board
from leaderboard.models import Round
from leaderboard.needs import needs

LOG_LINES = 50


@require_safe
@organizer_required
def home(request: HttpRequest) -> HttpResponse:
    rounds = Round.objects.select_related("series").order_by("-number", "-leg")
    return render(
        request,
        "frontend/console/home.html",
        {
            "needs": [
                {"need": one, "words": need_words(one), "page": DONE_AT.get(one.kind, "console_round")}
                for one in needs()
            ],
            "rounds": [
                {
                    "row": one,
                    "title": in_language(one.series.title, one.series.title_ko),
                    "state": STATES[one.state],
                }
                for one in rounds[:LOG_LINES]
            ],
            "actions": [told(row) for row in logged()[:5]],
        },
    )


@require_safe
@organizer_required
def entries(request: HttpRequest) -> HttpResponse:
    """Every entry with its workers, and where it takes part."""
    states_now = states(Worker.objects.all())
    rows = Entry.objects.select_related("team").prefetch_related("workers", "participations__round").order_by("slug")
    return render(
        request,
        "frontend/console/entries.html",
        {
            "entries": [
                {
                    "entry": row,
                    "workers": [
                        {
                            "row": worker,
                            "state": states_now[worker.pk],
                            "words": WORKER_STATES[states_now[worker.pk]],
                            "refused": why_refused_now(worker),
                        }
                        for worker in sorted(row.workers.all(), key=lambda worker: worker.url)
                    ],
                    "parts": [
                        {"round": round_words(part.round), "word": PARTS.get(part.state, part.state)}
                        for part in sorted(
                            row.participations.all(), key=lambda part: (part.round.number, part.round.leg)
                        )
                    ],
                }
                for row in rows
            ]
        },
    )


@require_safe
@organizer_required
def live_board(request: HttpRequest, key: str) -> HttpResponse:
    """The newest edition, also while the public is shown another one."""
    found = board(f"round-{key}", live=True)
    if found is None:
        raise Http404
    return render(request, "frontend/console/live_board.html", {"board": board_as_drawn(found), "key": key})


@require_safe
@organizer_required
def log(request: HttpRequest) -> HttpResponse:
    """What was done, newest first, in pages."""
    before = request.GET.get("before", "")
    rows = logged()
    if before.isdecimal() and before.isascii() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    page = list(rows[: LOG_LINES + 1])
    return render(
        request,
        "frontend/console/log.html",
        {
            "actions": [told(row) for row in page[:LOG_LINES]],
            "older": page[LOG_LINES - 1].pk if len(page) > LOG_LINES else None,
        },
    )


def logged() -> Any:
    return Action.objects.select_related("actor").order_by("-id")


def told(row: Action) -> dict[str, Any]:
    reason = in_language(row.details.get("reason", ""), row.details.get("reason_ko", ""))
    about = {"words": action_words(row), "subject": subject_words(row.subject), "reason": reason}
    return {"row": row, "at": localtime(row.at), **about}
