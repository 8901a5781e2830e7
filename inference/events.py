"""Server-sent events of a chat completion, read with bounds. A worker is not trusted to end a line.

The shapes are those seen from vLLM 0.32 and llama.cpp: a first delta of "" or null, finish_reason on a chunk with or
without text, `choices: []` with usage, comment lines, an error object followed by [DONE].
"""

import codecs
import json
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

from inference.faults import Broken, Rejected, Rubbish

LINE_LIMIT = 256 * 1024  # characters; the longest honest chunk seen is under 4 KiB
# Control characters other than tab and newline, and lone surrogates: no database takes NUL or half a character.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one event adds: text, and at the end the reason for finishing."""

    text: str
    finish_reason: str | None


async def lines(blocks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """Lines of UTF-8 text, however the blocks cut them. Raises Rubbish on other bytes and on a line without end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    rest = ""
    async for block in blocks:
        try:
            rest += decoder.decode(block)
        except UnicodeDecodeError as wrong:
            raise Rubbish(f"not UTF-8: {wrong.reason}") from wrong
        *whole, rest = rest.split("\n")
        for line in whole:
            yield line.rstrip("\r")
        if len(rest) > LINE_LIMIT:
            raise Rubbish("a line without end")
    if rest:
        yield rest


def parse(data: str) -> Chunk | None:
    """One event's data as a chunk; None where it adds nothing. Raises Rejected or Rubbish."""
    try:
        event: Any = json.loads(data)
    except ValueError as wrong:
        raise Rubbish("not JSON") from wrong
    if not isinstance(event, dict):
        raise Rubbish("not an object")
    if "error" in event:
        raise Rejected("an error inside the stream")
    choices = event.get("choices")
    if not isinstance(choices, list):
        raise Rubbish("no choices")
    if not choices:
        return None  # usage
    choice = choices[0]
    if not isinstance(choice, dict) or not isinstance(choice.get("delta") or {}, dict):
        raise Rubbish("a choice that is none")
    text = (choice.get("delta") or {}).get("content") or ""
    reason = choice.get("finish_reason")
    if not isinstance(text, str) or not isinstance(reason, str | None):
        raise Rubbish("content that is no text")
    return Chunk(UNPRINTABLE.sub("", text), reason) if text or reason else None


async def chunks(blocks: AsyncIterable[bytes]) -> AsyncGenerator[Chunk, None]:
    """The chunks of a whole reply. Ends only after a finish_reason; else raises Broken. [DONE] alone proves nothing."""
    finished = False
    async for line in lines(blocks):
        if not line.startswith("data:"):
            if line and not line.startswith((":", "event:", "id:", "retry:")):
                raise Rubbish("not an event stream")
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            break
        chunk = parse(data)
        if chunk:
            finished = finished or chunk.finish_reason is not None
            yield chunk
    if not finished:
        raise Broken("the stream ended without a finish_reason")
