"""Who is let through to a page that is not for everybody, asked again at each request."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts.models import User
from accounts.second_factors import has_second_factor, showed_second_factor

View = Callable[..., HttpResponse]


def signed_in(request: HttpRequest) -> User:
    """Who asks, behind a door that lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user


def account_required(view: View) -> View:
    """A page for people with an account."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return never_cache(page)


def organizer_required(view: View) -> View:
    """A page for organizers who have shown a second factor. Without one they get nowhere but to its set-up."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not signed_in(request).is_staff:
            raise PermissionDenied
        return second_factor_missing(request) or view(request, *args, **kwargs)

    return account_required(page)


def second_factor_missing(request: HttpRequest) -> HttpResponse | None:
    """Where to go first: to its set-up, or to show it in this session."""
    user = signed_in(request)
    if not has_second_factor(user):
        return redirect("mfa_activate_totp")
    if not showed_second_factor(request, user):
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    return None


def recently(view: View) -> View:
    """For what is dangerous: who asks has shown the password or a code within the last minutes, or does so first."""
    checked: View = reauthentication_required(view)
    return checked
