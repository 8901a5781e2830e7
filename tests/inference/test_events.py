"""Reading a worker's events: every honest shape, every bad one, and however the blocks cut them."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.events import LINE_LIMIT, UNPRINTABLE, Chunk, chunks
from inference.faults import Broken, Rejected, Rubbish


def heard(*blocks: bytes) -> list[Chunk]:
    async def source():
        for block in blocks:
            yield block

    async def all_chunks():
        return [chunk async for chunk in chunks(source())]

    return asyncio.run(all_chunks())


def event(**choice: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, **choice}]}, ensure_ascii=False).encode() + b"\n\n"


HI = event(delta={"content": "hi"})
END = event(delta={}, finish_reason="stop") + b"data: [DONE]\n\n"

USAGE = b'data: {"choices": [], "usage": {"completion_tokens": 7}}\n\n'

HONEST = {
    "vllm begins with an empty text": event(delta={"role": "assistant", "content": ""}) + HI + END,
    "llama.cpp begins with null": event(delta={"role": "assistant", "content": None}) + HI + END,
    "the reason rides on the text": event(delta={"content": "hi"}, finish_reason="length") + b"data: [DONE]\n\n",
    "usage has no choices": HI + event(delta={}, finish_reason="stop")
    + b'data: {"choices": [], "usage": {"completion_tokens": 1}}\n\ndata: [DONE]\n\n',
    "comments keep it alive": b": ping\n\n" + HI + b": ping\n\n" + END,
    "lines end in CR LF": (HI + END).replace(b"\n", b"\r\n"),
    "no DONE at all": HI + event(delta={}, finish_reason="stop"),
    "thoughts are not the answer": event(delta={"reasoning": "hm", "content": None}) + HI + END,
    "older servers think elsewhere": event(delta={"reasoning_content": "hm"}) + HI + END,
    "usage is null until the end": HI.replace(b"}\n", b', "usage": null}\n') + END,
    "anything may follow DONE": HI + END + b"<html>\n\ndata: {\n\n",
    "no space after data": (HI + END).replace(b"data: ", b"data:"),
    "event names": b"event: message\nid: 1\n" + HI + END,
}  # fmt: skip


@pytest.mark.parametrize("stream", HONEST.values(), ids=HONEST)
def test_an_honest_stream_is_heard(stream):
    said = heard(stream)
    assert "".join(chunk.text for chunk in said) == "hi"
    assert [chunk.finish_reason for chunk in said if chunk.finish_reason] in (["stop"], ["length"])


@given(st.text(), st.integers(1, 7))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_text_survives_however_the_blocks_cut_it(text, size):
    stream = event(delta={"content": text}) + END
    blocks = [stream[start : start + size] for start in range(0, len(stream), size)]
    said = "".join(chunk.text for chunk in heard(*blocks))
    assert said == UNPRINTABLE.sub("", text)


BAD = {
    "cut before its reason": (HI, Broken),
    "DONE proves nothing": (HI + b"data: [DONE]\n\n", Broken),
    "nothing at all": (b"", Broken),
    "an error object": (b'data: {"error": {"message": "x"}}\n\ndata: [DONE]\n\n', Rejected),
    "an error string": (b'data: {"error": "Unauthorized"}\n\n', Rejected),
    "not JSON": (b"data: {oops\n\n", Rubbish),
    "a number": (b"data: 7\n\n", Rubbish),
    "no choices": (b"data: {}\n\n", Rubbish),
    "choices of strings": (b'data: {"choices": ["x"]}\n\n', Rubbish),
    "a delta that is none": (b'data: {"choices": [{"delta": [1]}]}\n\n', Rubbish),
    "thoughts that are a number": (b'data: {"choices": [{"delta": {"reasoning": 7}}]}\n\n', Rubbish),
    "content that is a number": (b'data: {"choices": [{"delta": {"content": 7}}]}\n\n', Rubbish),
    "not UTF-8": (b"data: \xff\xfe\n\n", Rubbish),
    "a page of HTML": (b"<html>\n", Rubbish),
    "a line without end": (b"data: " + b"x" * (LINE_LIMIT + 100), Rubbish),
}


@pytest.mark.parametrize(("stream", "fault"), BAD.values(), ids=BAD)
def test_a_bad_stream_is_a_named_fault(stream, fault):
    with pytest.raises(fault):
        heard(stream)


def test_characters_no_database_holds_are_dropped():
    assert heard(event(delta={"content": "a\x00b\x1b[31m\tc\n"}) + END)[0].text == "ab[31m\tc\n"
    assert heard(b'data: {"choices": [{"delta": {"content": "a\\ud800b"}}]}\n\n' + END)[0].text == "ab"


def test_thoughts_and_tokens_are_counted_and_not_told():
    said = heard(event(delta={"reasoning": "hmm"}) + HI + event(delta={}, finish_reason="length") + USAGE)
    assert [(chunk.text, chunk.thought, chunk.finish_reason, chunk.tokens) for chunk in said] == [
        ("", 3, None, None), ("hi", 0, None, None), ("", 0, "length", None), ("", 0, None, 7),
    ]  # fmt: skip
    odd = (b'{"completion_tokens": "7"}', b'{"completion_tokens": -1}', b"7", b'{"completion_tokens": 1e3}')
    for usage in odd:
        assert all(
            chunk.tokens is None for chunk in heard(HI + USAGE.replace(b'{"completion_tokens": 7}', usage) + END)
        )
