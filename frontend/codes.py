"""Where somebody who was invited to vote enters their code."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from arena.admissions import admit_voter, is_admitted
from arena.battles import open_terms
from arena.refusals import Refusal
from arena.visitors import address, introduces_visitor, the_visitor, voter_id


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@introduces_visitor
def code_page(request: HttpRequest) -> HttpResponse:
    terms = open_terms()
    problem, status = "", 200
    if request.method == "POST":
        try:
            admit_voter(
                voter_id=the_visitor(request), terms=terms, code=request.POST.get("code", ""), address=address(request)
            )
            return redirect("arena")
        except Refusal as refusal:
            problem, status = str(refusal.message), refusal.status
    return render(request, "frontend/code.html", {"wanted": wants_code(request), "problem": problem}, status=status)


def wants_code(request: HttpRequest) -> bool:
    """Whether votes go to a round of the invited now, and this visitor has not entered a code yet."""
    terms, visitor = open_terms(), voter_id(request.COOKIES)
    if terms is None or not terms.verified_only:
        return False
    return visitor is None or not is_admitted(visitor, terms.gate_id)
