"""Asking a moderation endpoint whether a prompt may go on to the models. It speaks OpenAI's moderation shape.

It fails open and loud: a service that cannot be asked must not stop a contest, and nobody may miss that it is off.
"""

import asyncio
import logging
from typing import Annotated

import httpx
from django.conf import settings
from prometheus_client import Counter
from pydantic import BaseModel, Field, ValidationError

from inference.replies import client

log = logging.getLogger(__name__)

ANSWER_LIMIT = 64 * 1024  # bytes; an honest answer has about two thousand

MODERATED = Counter("lms_moderation_total", "Prompts by what the moderation endpoint said of them.", ["outcome"])


class NoVerdict(Exception):
    """The endpoint did not say. The text is for our log."""


class Result(BaseModel):
    flagged: Annotated[bool, Field(strict=True)]


class Answer(BaseModel):
    results: Annotated[list[Result], Field(min_length=1)]


async def is_flagged(prompt: str) -> bool:
    """Whether the endpoint flags the prompt; False where there is none, and where it does not say."""
    if not settings.MODERATION_URL:
        return False
    try:
        async with asyncio.timeout(settings.MODERATION_SECONDS):
            flagged = await _ask(prompt)
    except (NoVerdict, TimeoutError, httpx.HTTPError, httpx.InvalidURL) as why:
        MODERATED.labels("failed").inc()
        log.error("moderation is off: %s", str(why) or type(why).__name__)  # noqa: TRY400  a line at every prompt is enough
        return False
    MODERATED.labels("flagged" if flagged else "passed").inc()
    return flagged


async def _ask(prompt: str) -> bool:
    # Uncompressed, so that the limit is on what is read and not on what it unpacks to.
    headers = {"Accept-Encoding": "identity"}
    if settings.MODERATION_KEY:
        headers["Authorization"] = f"Bearer {settings.MODERATION_KEY}"
    body = b""
    asking = client().stream(
        "POST", settings.MODERATION_URL, json={"input": prompt}, headers=headers, extensions={"anywhere": True}
    )
    async with asking as response:
        if response.status_code != 200:
            raise NoVerdict(f"status {response.status_code}")
        async for part in response.aiter_raw():
            body += part
            if len(body) > ANSWER_LIMIT:
                raise NoVerdict(f"an answer of more than {ANSWER_LIMIT} bytes")
    try:
        answer = Answer.model_validate_json(body)
    except ValidationError:
        raise NoVerdict("an answer that is none") from None
    return any(result.flagged for result in answer.results)
