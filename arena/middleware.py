"""The one place where a Refusal becomes an HTTP answer."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from redis import RedisError

from accounts.tokens import holds_secret
from arena.refusals import (
    DATABASE_AWAY,
    BadRequest,
    NoSuchAddress,
    OurError,
    Refusal,
    SiteAway,
    TokenInAddress,
    WrongMethod,
)

log = logging.getLogger(__name__)

AWAY = (*DATABASE_AWAY, RedisError)
API = "/api/"
PROBLEM = "application/problem+json"
TITLES: Mapping[int, Any] = {
    400: _("Not understood"),
    401: _("A token is needed"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("Not in this way"),
    409: _("Not possible now"),
    422: _("Not possible like that"),
    429: _("Too many requests"),
    500: _("An error of the site"),
    503: _("Not possible at the moment"),
}
# What Django answers before or instead of a view of the API.
UNSAID: Mapping[int, type[Refusal]] = {400: BadRequest, 404: NoSuchAddress, 405: WrongMethod, 500: OurError}


def problem_response(refusal: Refusal) -> JsonResponse:
    """As RFC 9457 has it, with our `code`. `message` is `detail` by the name that it has everywhere else."""
    words = str(refusal.message)
    problem = {
        "type": f"urn:problem-type:lms:{refusal.code}",
        "title": str(TITLES[refusal.status]),
        "status": refusal.status,
        "detail": words,
        "code": refusal.code,
        "message": words,
    }
    answer = JsonResponse(problem, status=refusal.status, content_type=PROBLEM)
    if refusal.status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    say_when(answer, refusal)
    return answer


def refusal_response(refusal: Refusal) -> JsonResponse:
    """`{"code", "message"}` with its status; Retry-After where the refusal knows it."""
    answer = JsonResponse({"code": refusal.code, "message": str(refusal.message)}, status=refusal.status)
    say_when(answer, refusal)
    return answer


def refusal_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The same for a person who asked for a page. Asks no database where that is away."""
    template = "503.html" if isinstance(refusal, SiteAway) else "refused.html"
    answer = render(request, template, {"refusal": refusal}, status=refusal.status)
    say_when(answer, refusal)
    return answer


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """For a person who asked for a page, for a script, or for one that asks the API."""
    if request.path.startswith(API):
        return problem_response(refusal)
    wants_page = "text/html" in request.headers.get("Accept", "")
    return refusal_page(request, refusal) if wants_page else refusal_response(refusal)


def say_when(answer: HttpResponse, refusal: Refusal) -> None:
    """A refusal holds for now: nobody may keep it, and where it is known, it says for how long."""
    if refusal.retry_after:
        answer["Retry-After"] = str(refusal.retry_after)
    answer["Cache-Control"] = "no-store"


class RefusalMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if holds_secret(request.META.get("QUERY_STRING", "")):
            log.warning("a token was sent in an address, and refused", extra={"path": request.path})
            request.META["QUERY_STRING"] = ""  # a page tells its own address
            return refused(request, TokenInAddress())
        answer = self.get_response(request)
        unsaid = UNSAID.get(answer.status_code)
        if unsaid is None or not request.path.startswith(API) or answer.get("Content-Type") == PROBLEM:
            return answer
        said = problem_response(unsaid())
        if "Allow" in answer:
            said["Allow"] = answer["Allow"]
        return said

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AWAY):
            log.error("the database or Redis cannot be reached", exc_info=exception)
            exception = SiteAway()
        if not isinstance(exception, Refusal):
            return None
        return refused(request, exception)
