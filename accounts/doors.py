"""Who is let through to a page that is not for everybody, asked again at each request."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts.models import Membership, Role, Team, User
from accounts.second_factors import has_second_factor, showed_second_factor

RECENT_SECONDS = 300

View = Callable[..., HttpResponseBase]


def signed_in(request: HttpRequest) -> User:
    """Who asks, behind a door that lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user


def account_required(view: View) -> View:
    """A page for people with an account."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return never_cache(page)


def organizer_required(view: View) -> View:
    """A page for organizers who have shown a second factor. Without one they get nowhere but to its set-up."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not signed_in(request).is_staff:
            raise PermissionDenied
        return second_factor_missing(request) or view(request, *args, **kwargs)

    return account_required(page)


def member_required(view: View) -> View:
    """A team's page, for its members and for organizers: `view(request, team, manages)`, whether they may change it."""

    @wraps(view)
    def page(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
        team, user = get_object_or_404(Team, slug=slug), signed_in(request)
        membership = Membership.objects.filter(team=team, user=user).first()
        if membership:
            return view(request, team, membership.role == Role.OWNER, **kwargs)
        if not user.is_staff:
            raise PermissionDenied
        return second_factor_missing(request) or view(request, team, True, **kwargs)

    return account_required(page)


def owner_required(view: View) -> View:
    """The same for its owners and for organizers: `view(request, team)`."""

    @wraps(view)
    def page(request: HttpRequest, team: Team, manages: bool, **kwargs: Any) -> HttpResponseBase:
        if not manages:
            raise PermissionDenied
        return view(request, team, **kwargs)

    return member_required(page)


def second_factor_missing(request: HttpRequest) -> HttpResponseBase | None:
    """Where to go first: to its set-up, or to show it in this session."""
    user = signed_in(request)
    if not has_second_factor(user):
        return redirect("mfa_activate_totp")
    if not showed_second_factor(request, user):
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    return None


def recently(view: View) -> View:
    """For what is dangerous: who asks has shown the password or a code within the last minutes, or does so first."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        records = get_authentication_records(request, signed_in(request))
        # Signing in is one of them: nobody is asked twice in a row.
        if max((record["at"] for record in records), default=0) < time.time() - RECENT_SECONDS:
            raise ReauthenticationRequired  # allauth keeps what was posted, and goes on with it afterwards
        return view(request, *args, **kwargs)

    return page
