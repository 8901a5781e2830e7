"""Files for download, piece by piece, and from where a download was broken off."""

import asyncio
import mimetypes
import re
from collections.abc import AsyncIterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

BLOCK = 1 << 16
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def attached(request: HttpRequest, file: Path, name: str) -> HttpResponseBase:
    """An answer that saves the file under a name: all of it, a part that was asked for, or only that it is the same.

    The file is finished: its time and size stand for its bytes.
    """
    about = file.stat()
    size, etag = about.st_size, f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
    shared = {"ETag": etag, "Accept-Ranges": "bytes"}
    known = get_conditional_response(request, etag=etag)
    if known is not None:
        known["ETag"] = etag
        return known
    part = range_asked(request, etag, size)
    if part is not None and part.start >= size:
        return HttpResponse(status=416, headers={**shared, "Content-Range": f"bytes */{size}"})
    sent = range(size) if part is None else part
    answer = StreamingHttpResponse(
        blocks(file, sent),
        status=200 if part is None else 206,
        content_type=mimetypes.types_map.get(file.suffix, "application/octet-stream"),
        headers={**shared, "Content-Length": str(len(sent)), "Content-Disposition": f'attachment; filename="{name}"'},
    )
    if part is not None:
        answer["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return answer


def range_asked(request: HttpRequest, etag: str, size: int) -> range | None:
    """Which bytes are asked for; None for all. One that lies behind the end begins there.

    As RFC 9110 lets a server do: several ranges at once, or one that makes no sense, are answered with the whole.
    """
    named = RANGE.fullmatch(request.headers.get("Range", ""))
    if named is None or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = named.groups()
    if not first:  # the last so many; "-" alone makes no sense
        return range(max(0, size - int(last)), size) if last and int(last) else None
    start, stop = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    return range(min(start, size), max(stop, min(start, size)))


async def blocks(file: Path, part: range) -> AsyncIterator[bytes]:
    """A million ballots need not fit into memory."""
    with await asyncio.to_thread(file.open, "rb") as content:
        await asyncio.to_thread(content.seek, part.start)
        left = len(part)
        while left and (block := await asyncio.to_thread(content.read, min(BLOCK, left))):
            left -= len(block)
            yield block
