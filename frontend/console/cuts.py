"""A round's cut for organizers: by the newest board, also while the public's stands still."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.doors import organizer_required
from frontend.console.rounds import about, the_round
from frontend.cuts import as_drawn


@require_safe
@organizer_required
def cut(request: HttpRequest, key: str) -> HttpResponse:
    contest = the_round(key)
    return render(request, "frontend/console/cut.html", as_drawn(contest, live=True) | about(contest))
