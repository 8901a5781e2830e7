"""Server-sent events of a chat completion, read with bounds. A worker is not trusted to end a line.

The shapes are those seen from vLLM 0.32 and llama.cpp: a first delta of "" or null, finish_reason on a chunk with or
without text, `choices: []` with usage, comment lines, an error object followed by [DONE], thoughts as `reasoning`
(vLLM) or `reasoning_content` (llama.cpp, older vLLM) beside a content of null.
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
    """What one event adds: text, how much thinking that nobody is shown, the reason for finishing, the tokens used."""

    text: str = ""
    finish_reason: str | None = None
    thought: int = 0  # characters
    tokens: int | None = None


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
    tokens = tokens_of(event.get("usage"))
    choice = choices[0] if choices else {}
    if not isinstance(choice, dict) or not isinstance(choice.get("delta") or {}, dict):
        raise Rubbish("a choice that is none")
    delta = choice.get("delta") or {}
    text = delta.get("content") or ""
    thought = delta.get("reasoning") or delta.get("reasoning_content") or ""
    reason = choice.get("finish_reason") or None
    if not isinstance(text, str) or not isinstance(thought, str) or not isinstance(reason, str | None):
        raise Rubbish("content that is no text")
    if not (text or thought or reason or tokens is not None):
        return None
    return Chunk(UNPRINTABLE.sub("", text), reason, len(thought), tokens)


def tokens_of(usage: object) -> int | None:
    """The tokens that the answer took, if usage tells a number of them."""
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) and 0 <= tokens < 2**31 else None


async def chunks(blocks: AsyncIterable[bytes]) -> AsyncGenerator[Chunk, None]:
    """The chunks of a whole reply. Ends only after a finish_reason; else raises Broken. [DONE] alone proves nothing.

    What comes after [DONE] is read and dropped: a connection that was heard out can be used again.
    """
    finished = done = False
    async for line in lines(blocks):
        if done:
            continue
        if not line.startswith("data:"):
            if line and not line.startswith((":", "event:", "id:", "retry:")):
                raise Rubbish("not an event stream")
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            done = True
            continue
        chunk = parse(data)
        if chunk:
            finished = finished or chunk.finish_reason is not None
            yield chunk
    if not finished:
        raise Broken("the stream ended without a finish_reason")
