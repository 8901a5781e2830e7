"""A stand-in worker: real HTTP, the OpenAI chat protocol, no model. Echoes, and misbehaves when the prompt asks.

`python -m inference.standin --port 9000` serves it. The last user message decides: a word like `!die=3` anywhere in
it asks for a fault; `--always die=3` makes every reply so. What can be asked for:

    echo words    the default: the prompt back, a word an event, `--delay` seconds apart
    !die=K        the connection is cut after K words
    !stall=K      after K words nothing more comes
    !silent       connected, and never a word
    !status=503   an error status instead of a stream
    !error=K      after K words an error object and [DONE], as a dying engine sends
    !rubbish      events that are not JSON
    !bytes        bytes that are not UTF-8
    !line         a line of 10 MB
    !html         a page of HTML with status 200
    !unfinished   all words and [DONE], but no finish_reason
    !empty        finish_reason at once, not a word
    !think=N      N words of thoughts before the first word
    !spent        thoughts until the tokens are gone, and not a word
    !limit=K      cut by the limit of tokens after K words
    !endless      words for ever
    !words=N      N words instead of the echo
    !delay=S      S seconds between words
"""

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvicorn

Scope = dict[str, Any]
Receive = Callable[[], Coroutine[Any, Any, dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

WISH = re.compile(r"!(\w+)(?:=([\d.]+))?")


class Cut(Exception):
    """Ends the connection the way a killed process does."""


class Standin:
    """The ASGI application. `open_streams`, the most there were at once, and `hung_up` count, for tests that ask."""

    places = 0  # so many replies at once, and others wait for them; 0: any number
    deaf = False  # goes on with a reply that nobody hears any more, and keeps its place
    context: int | None = None  # what its list of models says
    opening = ""  # begins every reply: another model than the one without it
    key = ""  # wants to be shown it

    def __init__(self, *, name: str = "standin", delay: float = 0.0, always: str = "", ready: bool = True) -> None:
        self.name, self.delay, self.always, self.ready = name, delay, always, ready
        self.open_streams = self.most_streams = 0
        self.hung_up = 0
        self.requests: list[dict[str, Any]] = []
        self.speaking = asyncio.Condition()
        self.spoken_to = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self.key and (b"authorization", f"Bearer {self.key}".encode()) not in scope["headers"]:
            await answer(send, 401, {"error": "Unauthorized"})
            return
        match scope["path"]:
            case "/v1/chat/completions":
                await self._chat(receive, send)
            case "/v1/models":
                model = {"id": self.name, "object": "model", "max_model_len": self.context}
                await answer(send, 200, {"object": "list", "data": [model]})
            case "/health":
                await answer(send, 200 if self.ready else 503, {"status": "ok" if self.ready else "loading"})
            case "/metrics":
                await answer(send, 200, f"vllm:num_requests_running {self.open_streams}\n")
            case "/counts":
                await answer(send, 200, {"open": self.open_streams, "most": self.most_streams, "hung_up": self.hung_up})
            case _:
                await answer(send, 404, {"error": {"message": "no such address"}})

    async def _chat(self, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        request = json.loads(body)
        self.requests.append(request)
        self.open_streams += 1
        self.most_streams = max(self.most_streams, self.open_streams)
        speaking = asyncio.create_task(self._speak_in_turn(request, send))
        hanging_up = asyncio.create_task(receive())  # returns when the client is gone
        try:
            await asyncio.wait({speaking, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
            if not speaking.done():
                self.hung_up += 1
                if self.deaf:
                    await speaking
        finally:
            self.open_streams -= 1
            for task in (speaking, hanging_up):
                task.cancel()
            results = await asyncio.gather(speaking, hanging_up, return_exceptions=True)
        if isinstance(results[0], Cut):
            raise results[0]

    async def _speak_in_turn(self, request: dict[str, Any], send: Send) -> None:
        async with self.speaking:
            await self.speaking.wait_for(lambda: not self.places or self.spoken_to < self.places)
            self.spoken_to += 1
        try:
            await self._speak(request, send)
        finally:
            async with self.speaking:
                self.spoken_to -= 1
                self.speaking.notify_all()

    async def _speak(self, request: dict[str, Any], send: Send) -> None:
        prompt = str(request["messages"][-1]["content"])
        wishes = dict(WISH.findall(f"{prompt} {self.always and '!' + self.always}"))
        if "status" in wishes:
            return await answer(send, int(wishes["status"]), {"error": {"message": f"{self.name} is unwell"}})
        kind = b"text/html" if "html" in wishes else b"text/event-stream; charset=utf-8"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        words = (
            [f"word{n}" for n in range(int(wishes["words"]))]
            if "words" in wishes
            else [*self.opening.split(), *prompt.split()]
        )
        if "limit" in wishes or "spent" in wishes:
            words = words[: int(wishes.get("limit") or 0)]
        delay = float(wishes.get("delay") or self.delay)
        await self._stream(words, wishes, delay, send, counts=bool(request.get("stream_options")))
        await send({"type": "http.response.body", "body": b""})
        return None

    async def _stream(
        self, words: list[str], wishes: dict[str, str], delay: float, send: Send, *, counts: bool
    ) -> None:
        async def put(block: bytes) -> None:
            await send({"type": "http.response.body", "body": block, "more_body": True})

        async def tell(choices: list[dict[str, Any]], **more: Any) -> None:
            event = {"id": self.name, "model": self.name, "choices": choices, **more}
            await put(b"data: " + json.dumps(event).encode() + b"\n\n")

        async def say(text: str | None, reason: str | None = None, part: str = "content") -> None:
            await tell([{"index": 0, "delta": {part: text} if text is not None else {}, "finish_reason": reason}])

        if await self._misbehave_at_once(wishes, put):
            return
        await say("")
        thoughts = int(wishes.get("think") or (3 if "spent" in wishes else 0))
        for number in range(thoughts):
            await say(f"thought{number} ", part="reasoning")
            await asyncio.sleep(delay)
        loop = asyncio.get_running_loop()
        number, at = 0, loop.time()
        while "endless" in wishes or number < len(words):
            await self._misbehave_after(number, wishes, put)
            await say((" " if number else "") + words[number % len(words)])
            number += 1
            at += delay  # by the clock: what it takes to send a word makes nobody slower
            await asyncio.sleep(max(0.0, at - loop.time()))
        await self._misbehave_after(number, wishes, put)
        if "unfinished" not in wishes:
            await say(None, "length" if "limit" in wishes or "spent" in wishes else "stop")
        if counts:
            await tell([], usage={"completion_tokens": thoughts + number})
        await put(b"data: [DONE]\n\n")

    async def _misbehave_at_once(self, wishes: dict[str, str], put: Callable[[bytes], Awaitable[None]]) -> bool:
        if "silent" in wishes:
            await asyncio.Event().wait()
        blocks = {
            "rubbish": b"data: {not json\n\n",
            "bytes": b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n',
            "html": b"<!doctype html><title>Bad gateway</title>",
            "empty": b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
        }
        for wish, block in blocks.items():
            if wish in wishes:
                await put(block)
                return True
        if "line" in wishes:
            await put(b"data: ")
            for _ in range(160):
                await put(b"x" * 65536)
            return True
        return False

    async def _misbehave_after(
        self, said: int, wishes: dict[str, str], put: Callable[[bytes], Awaitable[None]]
    ) -> None:
        if wishes.get("die") == str(said):
            raise Cut
        if wishes.get("stall") == str(said):
            await asyncio.Event().wait()
        if wishes.get("error") == str(said):
            await put(b'data: {"error": {"message": "EngineDeadError"}}\n\ndata: [DONE]\n\n')
            raise Cut


async def answer(send: Send, status: int, content: dict[str, Any] | str) -> None:
    """A whole answer: JSON, or text as it is."""
    kind = b"text/plain; charset=utf-8" if isinstance(content, str) else b"application/json"
    body = content if isinstance(content, str) else json.dumps(content)
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body.encode()})


def end_with_parent() -> None:
    """End this process when whoever started it is gone: then our standard input ends."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m inference.standin", description="A worker without a model.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=0, help="0: any free one")
    options.add_argument("--name", default="standin")
    options.add_argument("--delay", type=float, default=0.05, help="seconds between words")
    options.add_argument("--always", default="", help="a fault for every reply, e.g. die=3")
    options.add_argument("--unready", action="store_true", help="/health says for ever that it is loading")
    options.add_argument("--with-parent", action="store_true", help="end when standard input does")
    chosen = options.parse_args()
    listening = socket.create_server((chosen.host, chosen.port))
    if chosen.with_parent:
        threading.Thread(target=end_with_parent, daemon=True).start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    print(json.dumps({"ready": {chosen.name: url}}), flush=True)
    app = Standin(name=chosen.name, delay=chosen.delay, always=chosen.always, ready=not chosen.unready)
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
