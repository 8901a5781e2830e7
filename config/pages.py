"""Django's answers under ASGI: each made in one thread, from the first middleware to the view and back."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from servestatic.middleware import ServeStaticMiddleware


class Pages(ASGIHandler):
    """As Django's own, which goes from the loop to a thread, back to the loop and into the thread again.

    None of our views and middlewares is asynchronous, and on a busy site each change costs more than what it leads to.
    Only static files are answered in the loop, and before everything else.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.static_or_page = ServeStaticMiddleware(self.in_one_thread)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = await self.static_or_page(request)
        return answer

    async def in_one_thread(self, request: HttpRequest) -> Any:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
