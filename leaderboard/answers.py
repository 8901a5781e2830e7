"""What all answers of the public API share."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from ninja import Schema

# What it tells changes at most twice a second, and for everybody alike: a cache in front may answer for that long.
shared_for_a_second = cache_control(public=True, max_age=1)


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
