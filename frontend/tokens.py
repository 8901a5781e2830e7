"""A team's tokens: who may make one, what it may do, and how it is revoked. Its secret is shown once."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.doors import member_required, owner_required, recently, signed_in
from accounts.models import Membership, Role, Scope, Team, Token
from accounts.teams import CannotChangeTeam
from accounts.tokens import good_tokens, make_token, revoke_token
from leaderboard.consequences import read_only_since

SCOPES = {
    Scope.READ: gettext_lazy("reads"),
    Scope.WORKERS: gettext_lazy("changes the team's workers"),
}


@require_safe
@member_required
def tokens(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    return tokens_page(request, team, manages)


def tokens_page(request: HttpRequest, team: Team, manages: bool, **more: Any) -> HttpResponse:
    """more: what was typed and not taken, and why; or the secret of a token that was made."""
    return render(
        request,
        "frontend/tokens.html",
        {
            "team": team,
            "manages": manages,
            "owner": is_owner(request, team),
            "read_only": read_only_since(team),
            "tokens": [
                {"row": one, "scopes": ", ".join(str(SCOPES[scope]) for scope in one.scopes)}
                for one in good_tokens(team).select_related("made_by")
            ],
            **more,
        },
        status=400 if "problem" in more else 200,
    )


def is_owner(request: HttpRequest, team: Team) -> bool:
    """An organizer may revoke a team's token, and has none of a team's."""
    return Membership.objects.filter(team=team, user=signed_in(request), role=Role.OWNER).exists()


@require_POST
@owner_required
@recently
def make(request: HttpRequest, team: Team) -> HttpResponse:
    """The answer to the post itself tells the secret: nothing keeps it until another page."""
    if not is_owner(request, team):
        raise PermissionDenied
    name, scope = request.POST.get("name", ""), request.POST.get("scope", "")
    try:
        made, secret = make_token(team, name=name, workers=scope == Scope.WORKERS, by=signed_in(request))
    except CannotChangeTeam as why:
        return tokens_page(request, team, manages=True, problem=why.message, name=name, scope=scope)
    return tokens_page(request, team, manages=True, made=made, secret=secret)


@require_POST
@owner_required
@recently
def revoke(request: HttpRequest, team: Team, number: int) -> HttpResponse:
    found = get_object_or_404(Token, team=team, pk=number)
    try:
        revoke_token(found, by=signed_in(request))
    except CannotChangeTeam as why:
        messages.error(request, str(why.message))
    else:
        messages.success(request, _("{name} opens nothing any more.").format(name=found.name))
    return redirect("tokens", slug=team.slug)
