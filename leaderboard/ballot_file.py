"""`ballots.jsonl.gz`, written in parts: an export that was interrupted goes on, and its bytes are the same.

A gzip file may be made of several, one behind the other. Each part is one, and holds the ballots of PART positions, the
last part what is left. So a part says the same in every edition that has it whole.
"""

import json
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from arena.ballots import PublishedBallot, pseudonyms, published_ballots
from arena.models import Gate

PART = 20_000  # ballots; about a second, and what an interruption may cost
LEVEL = 6

Told = Callable[[int], object]
"""Is told how many more ballots are written."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the unfinished file is whole: so many bytes, which end with this position of these ballots."""

    ballots: str
    position: int = 0
    size: int = 0


def write_ballots(gate: Gate, upto: int, file: Path, *, told: Told) -> None:
    """Write the ballots up to a position, from where the unfinished file ends if there is one."""
    mark = file.with_name(f"{file.name}.reached")  # stays: what comes after the ballots may be interrupted too
    with file.open("r+b" if file.exists() else "w+b") as out:
        reached = found(mark, identity(gate), out, upto)
        out.truncate(reached.size)
        out.seek(reached.size)
        told(reached.position)
        for first in range(reached.position, upto, PART) if upto else (0,):
            last = min(first + PART, upto)
            out.write(packed(published_ballots(gate, after=first, upto=last)))
            if last - first == PART:
                keep(mark, Reached(reached.ballots, last, out.tell()), out)
            told(last - first)
        out.flush()
        os.fsync(out.fileno())


def identity(gate: Gate) -> str:
    """Stands for what the parts are made of: the round with its pseudonyms, the fields, and how they are cut."""
    return f"{gate.key} {pseudonyms(gate)(UUID(int=0))} {','.join(PublishedBallot._fields)} {PART} {LEVEL}"


def found(mark: Path, ballots: str, out: BinaryIO, upto: int) -> Reached:
    """How far an earlier run came with these ballots; from the start if that cannot be trusted."""
    try:
        reached = Reached(**json.loads(mark.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Reached(ballots)
    whole = reached.ballots == ballots and reached.position <= upto and reached.size <= out.seek(0, os.SEEK_END)
    return reached if whole else Reached(ballots)


def keep(mark: Path, reached: Reached, out: BinaryIO) -> None:
    """Remember how far the file is whole, when it surely is on the disk."""
    out.flush()
    os.fsync(out.fileno())
    newer = mark.with_name(f"{mark.name}.new")
    newer.write_text(json.dumps(asdict(reached)), encoding="utf-8")
    newer.replace(mark)


def packed(some: Iterator[PublishedBallot]) -> bytes:
    """Ballots as JSON Lines in a gzip file without a name or a time: the same ballots always make the same bytes."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    text = b"".join(json_line(ballot._asdict()) for ballot in some)
    return packer.compress(text) + packer.flush()


def json_line(line: dict[str, Any]) -> bytes:
    """A line as it stands in `ballots.jsonl`."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
