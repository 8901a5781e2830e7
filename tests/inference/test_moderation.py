"""What a moderation endpoint says of a prompt is heard; where it says nothing, the prompt goes on and the log tells."""

import asyncio
import json
from contextlib import contextmanager

import pytest
from prometheus_client import REGISTRY

from arena.models import Turn
from inference.moderation import ANSWER_LIMIT
from tests.servers import serving, wait_until
from tests.visitor import receive, send, texts, until_ended

PASS = json.dumps({"id": "modr-1", "model": "m", "results": [{"flagged": False, "categories": {"violence": False}}]})
FLAG = json.dumps({"results": [{"flagged": False}, {"flagged": True, "categories": {"violence": True}}]})
PADDED = PASS + " " * ANSWER_LIMIT


class Moderator:
    """A moderation endpoint that answers as it is told, and remembers what it was asked."""

    def __init__(self, status: int, body: str, kind: str = "application/json") -> None:
        self.status, self.body, self.kind = status, body.encode(), kind
        self.asked: list[dict] = []
        self.keys: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        self.asked.append(json.loads(body))
        self.keys.append(dict(scope["headers"]).get(b"authorization", b"").decode())
        if not self.body:
            await asyncio.wait_for(receive(), 30)  # silent until hung up on
            return
        await send(
            {"type": "http.response.start", "status": self.status, "headers": [(b"content-type", self.kind.encode())]}
        )
        await send({"type": "http.response.body", "body": self.body})


@contextmanager
def moderated(settings, *answer: object):
    moderator = Moderator(*answer)
    with serving(moderator) as url:
        settings.MODERATION_URL = f"{url}/v1/moderations"
        yield moderator


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("lms_moderation_total", {"outcome": outcome}) or 0.0


def test_what_is_not_flagged_goes_on(visitor, settings):
    before = counted("passed")
    with moderated(settings, 200, PASS) as moderator:
        assert texts(visitor.start().ask("hello there"))["a"] == "hello there"
    assert moderator.asked == [{"input": "hello there"}]
    assert moderator.keys == [""]
    assert counted("passed") == before + 1


def test_a_flagged_prompt_is_refused_in_words_and_reaches_nobody(visitor, settings, worker):
    before = counted("flagged")
    with moderated(settings, 200, FLAG):
        refused = visitor.start().ask("something terrible")[-1]
    assert (refused["type"], refused["code"]) == ("refused", "prompt_not_allowed")
    assert "not passed on" in refused["message"]
    assert not Turn.objects.exists()
    assert worker.app.requests == []
    assert counted("flagged") == before + 1


def test_after_a_refusal_the_battle_takes_another_prompt(visitor, settings):
    duel = visitor.start()
    with duel.socket() as socket:
        with moderated(settings, 200, FLAG):
            send(socket, {"type": "prompt", "text": "something terrible"})
            assert receive(socket)["code"] == "prompt_not_allowed"
        settings.MODERATION_URL = ""
        send(socket, {"type": "prompt", "text": "something nice"})
        assert until_ended(socket)[-1]["type"] == "ready"


def test_the_endpoint_is_shown_the_masked_prompt_alone_and_its_key(visitor, settings):
    settings.MODERATION_KEY = "sesame"
    with moderated(settings, 200, PASS) as moderator:
        visitor.start().ask("  call 010-1234-5678  ")
    assert moderator.asked == [{"input": "call [phone]"}]
    assert moderator.keys == ["Bearer sesame"]


@pytest.mark.parametrize("text", ["", "x" * 4001])
def test_what_cannot_be_asked_is_not_shown_to_the_endpoint(visitor, settings, text):
    with moderated(settings, 200, FLAG) as moderator, visitor.start().socket() as socket:
        send(socket, {"type": "prompt", "text": text})
        assert receive(socket)["code"] in {"empty_prompt", "prompt_too_long"}
    assert moderator.asked == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, ""), "TimeoutError"),
        ((500, FLAG), "status 500"),
        ((301, FLAG), "status 301"),
        ((200, "<!doctype html><title>Bad gateway</title>", "text/html"), "an answer that is none"),
        ((200, '{"results": []}'), "an answer that is none"),
        ((200, '{"results": [{"flagged": "yes"}]}'), "an answer that is none"),
        ((200, '{"error": {"message": "quota"}}'), "an answer that is none"),
        ((200, PADDED), f"more than {ANSWER_LIMIT} bytes"),
    ],
)
def test_an_endpoint_that_does_not_say_stops_nobody_and_the_log_tells(visitor, settings, caplog, answer, why):
    settings.MODERATION_SECONDS = 0.4
    before = counted("failed")
    with moderated(settings, *answer):
        assert texts(visitor.start().ask("hello"))["b"] == "hello"
    lines = [record for record in caplog.records if record.name == "inference.moderation"]
    assert [(line.levelname, "moderation is off" in line.message, why in line.message) for line in lines] == [
        ("ERROR", True, True)
    ]
    assert counted("failed") == before + 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1/moderations", "http://", "http://[::1"])
def test_an_endpoint_that_is_not_there_stops_nobody(visitor, settings, caplog, url):
    settings.MODERATION_URL = url
    before = counted("failed")
    assert visitor.start().ask("hello")[-1]["type"] == "ready"
    assert "moderation is off" in caplog.text
    assert "hello" not in caplog.text
    assert counted("failed") == before + 1


def test_while_the_endpoint_thinks_the_site_goes_on(visitor, settings):
    settings.MODERATION_SECONDS = 1.5
    waiting, other = visitor.start(), visitor.start()
    with moderated(settings, 200, "") as moderator, waiting.socket() as socket:
        send(socket, {"type": "prompt", "text": "slow"})
        wait_until(lambda: moderator.asked)
        settings.MODERATION_URL = ""
        assert other.ask("quick")[-1]["type"] == "ready"
        assert until_ended(socket)[-1]["type"] == "ready"
