"""The pages of people with an account: who they are here, their teams, and how somebody gets in."""

from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from limits import RateLimitItemPerHour

from accounts.doors import account_required, member_required, owner_required, recently, signed_in
from accounts.invitations import (
    AddressIsTaken,
    InvitationIsOver,
    NotSafe,
    accept,
    accept_as_newcomer,
    invitation_of,
    invite,
    token_of,
    waiting,
    withdraw,
)
from accounts.models import Invitation, Role, Team, User
from accounts.second_factors import has_second_factor
from accounts.teams import CannotChangeTeam, change_role, remove
from arena.limits import spend
from arena.visitors import introduces_visitor
from frontend.letters import send_letter
from frontend.words import ROLES

LETTERS_AN_HOUR = 30  # of one person


@require_safe
@account_required
@introduces_visitor
def account(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    return render(
        request,
        "frontend/account.html",
        {
            "person": user,
            "second_factor": has_second_factor(user),
            "memberships": [
                {"team": part.team, "role": ROLES[part.role]}
                for part in user.memberships.select_related("team").order_by("team__name")
            ],
        },
    )


@require_safe
@member_required
def members(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    return members_page(request, team, manages)


def members_page(request: HttpRequest, team: Team, manages: bool, **typed: Any) -> HttpResponse:
    """typed: what somebody wrote into the form that was not taken, and why."""
    return render(
        request,
        "frontend/members.html",
        {
            "team": team,
            "manages": manages,
            "person": signed_in(request),
            "members": [
                {"user": part.user, "role": part.role, "word": ROLES[part.role]}
                for part in team.memberships.select_related("user").order_by("-role", "user__username")
            ],
            "invitations": [
                {"row": one, "word": ROLES[one.role], "good": one.good} for one in waiting(team).order_by("email")
            ],
            "roles": ROLES.items(),
            **typed,
        },
        status=400 if typed else 200,
    )


@require_POST
@owner_required
def invite_member(request: HttpRequest, team: Team) -> HttpResponse:
    email, role = request.POST.get("email", "").strip(), request.POST.get("role", "")
    try:
        validate_email(email)
    except ValidationError as wrong:
        return members_page(request, team, manages=True, email=email, role=role, problem=wrong.messages[0])
    user = signed_in(request)
    spend(RateLimitItemPerHour(LETTERS_AN_HOUR), "invitation", str(user.pk))
    try:
        made = invite(team, email=email, role=Role(role) if role in Role.values else Role.MEMBER, by=user)
    except CannotChangeTeam as why:
        return members_page(request, team, manages=True, email=email, role=role, problem=why.message)
    if send_invitation(request, made):
        messages.success(request, _("The invitation is on its way to {email}.").format(email=made.email))
    else:
        messages.error(
            request, _("The mail could not be sent. The invitation waits below; invite again to try once more.")
        )
    return redirect("members", slug=team.slug)


def send_invitation(request: HttpRequest, made: Invitation) -> bool:
    """False where the mail server did not take it."""
    about = {
        "team": made.team.name,
        "by": made.invited_by.username,
        "link": request.build_absolute_uri(reverse("invitation", args=[token_of(made)])),
    }
    return send_letter("invitation", about, to=made.email)


@require_POST
@owner_required
def withdraw_invitation(request: HttpRequest, team: Team, number: int) -> HttpResponse:
    found = get_object_or_404(Invitation, team=team, pk=number)
    return changed(request, team, lambda: withdraw(found, by=signed_in(request)), _("The link no longer works."))


@require_POST
@owner_required
@recently
def change_member(request: HttpRequest, team: Team, name: str) -> HttpResponse:
    member = get_object_or_404(User, username=name, memberships__team=team)
    role = Role.OWNER if request.POST.get("role") == Role.OWNER else Role.MEMBER
    return changed(
        request,
        team,
        lambda: change_role(team, member, role, by=signed_in(request)),
        _("{who} is now: {role}.").format(who=name, role=ROLES[role]),
    )


@require_POST
@owner_required
@recently
def remove_member(request: HttpRequest, team: Team, name: str) -> HttpResponse:
    member = get_object_or_404(User, username=name, memberships__team=team)
    return changed(
        request,
        team,
        lambda: remove(team, member, by=signed_in(request)),
        _("{who} is no longer in the team.").format(who=name),
    )


@require_POST
@member_required
def leave(request: HttpRequest, team: Team, manages: bool) -> HttpResponse:
    user = signed_in(request)
    try:
        remove(team, user, by=user)
    except CannotChangeTeam as why:
        messages.error(request, str(why.message))
        return redirect("members", slug=team.slug)
    messages.success(request, _("You have left {team}.").format(team=team.name))
    return redirect("account")


def changed(request: HttpRequest, team: Team, change: Callable[[], None], said: str) -> HttpResponse:
    """Do it and say so, or say why not; then back to the team."""
    try:
        change()
    except CannotChangeTeam as why:
        messages.error(request, str(why.message))
    else:
        messages.success(request, said)
    return redirect("members", slug=team.slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Where the link of an invitation leads: into the team, with the account at hand or a new one."""
    try:
        found = invitation_of(token)
        if request.method == "POST":
            return accepted(request, found)
    except NotSafe as why:
        return invitation_page(request, found, errors=why.errors, name=request.POST.get("name", ""))
    except AddressIsTaken as why:
        return invitation_page(request, found, problem=why.message)
    except InvitationIsOver as why:
        return render(request, "frontend/invitation_over.html", {"why": why.message}, status=410)
    except CannotChangeTeam as why:
        messages.error(request, str(why.message))
        return redirect("account")
    return invitation_page(request, found)


def invitation_page(request: HttpRequest, found: Invitation, **typed: Any) -> HttpResponse:
    context = {
        "team": found.team,
        "role": ROLES[found.role],
        "email": found.email,
        "path": request.get_full_path(),
        "known": User.objects.filter(email__iexact=found.email).exists(),
        **typed,
    }
    return render(request, "frontend/invitation.html", context, status=400 if typed else 200)


def accepted(request: HttpRequest, found: Invitation) -> HttpResponse:
    """Raises what accepting raises."""
    if request.user.is_authenticated:
        accept(found, signed_in(request))
    else:
        password = request.POST.get("password", "")
        if password != request.POST.get("again", ""):
            raise NotSafe({"again": [_("The two passwords are not the same.")]})
        user = accept_as_newcomer(found, name=request.POST.get("name", "").strip(), password=password)
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        record_authentication(request, user, "password", reauthenticated=True)
    messages.success(request, _("You are in {team}.").format(team=found.team.name))
    return redirect("members", slug=found.team.slug)
