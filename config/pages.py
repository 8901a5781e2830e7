"""Django's answers under ASGI: each made in one thread, from the first middleware to the view and the end."""

from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from servestatic.middleware import ServeStaticMiddleware

# More than there are database connections: who waits for one of those is refused within seconds (config/settings.py).
THREADS = 64


class Pages(ASGIHandler):
    """As Django's own, which makes a thread for each request and goes into it and back to the loop several times.

    None of our views and middlewares is asynchronous, and on a busy site the changes cost more than what lies between
    them. Static files are answered in the loop, as Django would.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        self.static_file = ServeStaticMiddleware(self.no_such_file)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith(settings.STATIC_URL):
            await super().__call__(scope, receive, send)
            return
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            answer = await self.in_thread(self.answer, scope, body)
            await self.send_response(answer, send)
            if answer.streaming:
                await self.in_thread(answer.close)

    def answer(self, scope: Any, body: IO[bytes]) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=type(self), scope=scope)
        request, refused = self.create_request(scope, body)
        answer = self.get_response(request) if request else refused
        assert answer is not None  # one of the two is there
        answer._handler_class = type(self)  # type: ignore[attr-defined]  # Django sets it so, for who listens to the end
        # The database connection is this thread's: another, which closes a streaming answer, cannot give it back.
        if answer.streaming:
            close_old_connections()
        else:
            answer.close()  # what is to be sent is there
        return answer

    def in_thread(self, work: Any, *about: Any) -> Any:
        return sync_to_async(work, thread_sensitive=False, executor=self.threads)(*about)

    async def get_response_async(self, request: HttpRequest) -> Any:
        return await self.static_file(request)

    async def no_such_file(self, request: HttpRequest) -> Any:
        return await self.in_thread(self.get_response, request)
