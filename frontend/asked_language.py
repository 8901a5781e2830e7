"""Pages that others show or fetch, whose address may name their language."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from arena.refusals import BadRequest

View = Callable[..., HttpResponse]


def in_asked_language(view: View) -> View:
    """A page that others show: in the language of its address, else in the reader's. Raises BadRequest."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = request.GET.get("lang")
        if asked is not None:
            if asked not in dict(settings.LANGUAGES):
                raise BadRequest
            translation.activate(asked)
        return view(request, *args, **kwargs)

    return page
