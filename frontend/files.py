"""Files for download, piece by piece."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator
from pathlib import Path

from django.http import StreamingHttpResponse

BLOCK = 1 << 16


def attached(file: Path, name: str) -> StreamingHttpResponse:
    """An answer that saves the file under a name."""
    kind = mimetypes.types_map.get(file.suffix, "application/octet-stream")
    answer = StreamingHttpResponse(blocks(file), content_type=kind)
    answer["Content-Length"] = str(file.stat().st_size)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


async def blocks(file: Path) -> AsyncIterator[bytes]:
    """A million ballots need not fit into memory."""
    with await asyncio.to_thread(file.open, "rb") as content:
        while block := await asyncio.to_thread(content.read, BLOCK):
            yield block
