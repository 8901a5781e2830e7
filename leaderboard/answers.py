"""What all answers of the public API share."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from ninja import Schema

View = Callable[..., HttpResponse]


def shared_for_a_second(view: View) -> View:
    """What it tells changes at most twice a second, and for everybody alike: a cache in front may answer for that long.

    A refusal holds for who was refused, and says itself that nobody keeps it.
    """

    @wraps(view)
    def shared(*args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(*args, **kwargs)
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            patch_cache_control(answer, public=True, max_age=1)
        return answer

    return shared


class RefusalOut(Schema):
    """A problem as RFC 9457 has it (`application/problem+json`), in the visitor's language."""

    type: str  # stands for the code
    title: str  # stands for the status, in words
    status: int
    detail: str  # what is the matter, in words
    code: str  # rely on this
    message: str  # the same as `detail`


def link_to_next(request: HttpRequest, response: HttpResponse, **cursor: object) -> None:
    """Say in a header, too, where the next page is. cursor: the parameter that leads there; None on the last page."""
    ((name, value),) = cursor.items()
    if value is not None:
        query = request.GET.copy()
        query[name] = str(value)
        response["Link"] = f'<{request.path}?{query.urlencode()}>; rel="next"'
