"""Server-sent events of a chat completion, read with bounds. A worker is not trusted to end a line.

The shapes are those seen from vLLM 0.32 and llama.cpp: a first delta of "" or null, finish_reason on a chunk with or
without text, `choices: []` with usage, comment lines, an error object followed by [DONE], thoughts as `reasoning`
(vLLM) or `reasoning_content` (llama.cpp, older vLLM) beside a content of null.
"""

import codecs
import json
import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
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
    if not text.isprintable():
        text = UNPRINTABLE.sub("", text)
    return Chunk(text, reason, len(thought), tokens)


def tokens_of(usage: object) -> int | None:
    """The tokens that the answer took, if usage tells a number of them."""
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) and 0 <= tokens < 2**31 else None


class Events:
    """A stream's events, however the blocks cut them."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.rest = ""  # of a line that has not ended
        self.finished = self.done = False

    def within(self, block: bytes) -> Iterator[Chunk]:
        """The chunks that end in this block. Raises Rubbish and Rejected. What follows [DONE] is dropped."""
        try:
            self.rest += self.decoder.decode(block)
        except UnicodeDecodeError as wrong:
            raise Rubbish(f"not UTF-8: {wrong.reason}") from wrong
        *lines, self.rest = self.rest.split("\n")
        if len(self.rest) > LINE_LIMIT:
            raise Rubbish("a line without end")
        for line in lines:
            data = None if self.done else data_of(line.rstrip("\r"))
            self.done = self.done or data == "[DONE]"
            chunk = parse(data) if data is not None and not self.done else None
            if chunk:
                self.finished = self.finished or chunk.finish_reason is not None
                yield chunk


def data_of(line: str) -> str | None:
    """What a line carries; None where that is nothing. Raises Rubbish where it is no event's."""
    if line.startswith("data:"):
        return line[5:].strip()
    if line and not line.startswith((":", "event:", "id:", "retry:")):
        raise Rubbish("not an event stream")
    return None


async def chunks(blocks: AsyncIterable[bytes]) -> AsyncGenerator[Chunk, None]:
    """The chunks of a whole reply. Ends only after a finish_reason; else raises Broken. [DONE] alone proves nothing.

    What comes after [DONE] is read and dropped: a connection that was heard out can be used again.
    """
    events = Events()
    async for block in blocks:
        for chunk in events.within(block):
            yield chunk
    for chunk in events.within(b"\n"):  # the last line may lack its end
        yield chunk
    if not events.finished:
        raise Broken("the stream ended without a finish_reason")
