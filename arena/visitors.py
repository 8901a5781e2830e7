"""Who is this visitor? A device, known by a signed first-party cookie. No account, no fingerprint."""

import uuid
from collections.abc import Callable, Mapping
from functools import wraps
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language_from_request
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts.models import User
from arena.own_teams import remember_device
from arena.refusals import NoVisitor

NOTED = "device"  # in the session: the device that is known to be this person's
SIGNER = signing.Signer(salt="arena.visitor")

View = Callable[..., HttpResponse]


def voter_id(cookies: Mapping[str, str]) -> uuid.UUID | None:
    """The visitor the cookie names; None without one or with one we did not sign."""
    try:
        return uuid.UUID(SIGNER.unsign(cookies.get(settings.VISITOR_COOKIE, "")))
    except (signing.BadSignature, ValueError):
        return None


def the_visitor(request: HttpRequest) -> uuid.UUID:
    """The visitor who must be there. Raises NoVisitor."""
    visitor = voter_id(request.COOKIES)
    if visitor is None:
        raise NoVisitor
    note_account(request, visitor)
    return visitor


def note_account(request: HttpRequest, visitor: uuid.UUID) -> None:
    """Where a team's member is signed in, keep that this is their device. Costs no query for whoever has no session."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not isinstance(request.user, User):
        return
    if request.session.get(NOTED) != str(visitor) and remember_device(visitor, request.user):
        request.session[NOTED] = str(visitor)


def introduces_visitor(view: View) -> View:
    """A page that gives a newcomer the visitor cookie, and everyone the CSRF cookie."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known = voter_id(request.COOKIES)
        visitor = known or uuid.uuid4()
        note_account(request, visitor)
        answer = view(request, *args, **kwargs)
        if known is None:
            answer.set_cookie(
                settings.VISITOR_COOKIE,
                SIGNER.sign(str(visitor)),
                max_age=settings.VISITOR_COOKIE_AGE,
                httponly=True,
                samesite="Lax",
                secure=settings.CSRF_COOKIE_SECURE,
            )
        return answer

    return ensure_csrf_cookie(page)


def address(request: HttpRequest) -> str:
    """The client's address: the rightmost hop that is not one of our own proxies. Further left anybody can write."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    return hops[-trusted] if trusted and len(hops) >= trusted else request.META.get("REMOTE_ADDR", "")


def header(scope: Mapping[str, Any], name: bytes) -> str:
    """A header of a socket's handshake, or ""."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def socket_cookies(scope: Mapping[str, Any]) -> dict[str, str]:
    return {key: morsel.value for key, morsel in SimpleCookie(header(scope, b"cookie")).items()}


def socket_language(scope: Mapping[str, Any]) -> str:
    """The visitor's language by the same rules as for pages."""
    handshake = HttpRequest()
    handshake.COOKIES = socket_cookies(scope)
    handshake.META["HTTP_ACCEPT_LANGUAGE"] = header(scope, b"accept-language")
    return get_language_from_request(handshake)
