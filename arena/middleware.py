"""The one place where a Refusal becomes an HTTP answer."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from redis import RedisError

from arena.refusals import DATABASE_AWAY, Refusal, SiteAway

log = logging.getLogger(__name__)

AWAY = (*DATABASE_AWAY, RedisError)


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
    """For a person who asked for a page, or for a script."""
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
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, AWAY):
            log.error("the database or Redis cannot be reached", exc_info=exception)
            exception = SiteAway()
        if not isinstance(exception, Refusal):
            return None
        return refused(request, exception)
