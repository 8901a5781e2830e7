"""One-time codes for the voters of a round of the invited: made here, and shown this once."""

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.doors import organizer_required, recently, signed_in
from arena.admissions import MOST_CODES
from frontend.console.deciding import done
from frontend.console.rounds import about, the_round
from leaderboard.cut.inviting import invite_voters, invites
from leaderboard.models import Round
from leaderboard.timeline import codes_told


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@organizer_required
@recently
def invite(request: HttpRequest, key: str) -> HttpResponse:
    """Make codes. They are in this answer and nowhere else: what is kept are digests."""
    contest = the_round(key)
    if not invites(contest):
        raise Http404
    codes: list[str] = []
    problem = done(lambda: codes.extend(made(request, contest))) if request.method == "POST" else ""
    context = {
        **about(contest),
        "codes": codes,
        "csv": quote("\r\n".join(["code", *codes, ""])),
        "told": codes_told(contest),
        "most": MOST_CODES,
        "typed": request.POST.dict(),
        "problem": problem,
    }
    return render(request, "frontend/console/voters.html", context, status=409 if problem else 200)


def made(request: HttpRequest, contest: Round) -> list[str]:
    """Raises CannotInvite."""
    number = request.POST.get("number", "")
    whole = int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0
    return invite_voters(contest, whole, purpose=request.POST.get("purpose", ""), by=signed_in(request))
