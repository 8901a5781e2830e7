"""A board and its ballots as files: what an outsider needs to recompute the cut. No text, no addresses."""

import csv
import dataclasses
import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from arena.ballots import ballots
from leaderboard.boards import board
from leaderboard.models import Round

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def export_round(contest: Round, folder: Path) -> list[Path]:
    """Write `board.json`, `board.csv` and `ballots.jsonl.gz` of the round's latest board. Returns the files."""
    content = board(contest.series.slug)
    assert content is not None  # a round has a board from its opening
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "board.json", folder / "board.csv", folder / "ballots.jsonl.gz"]
    files[0].write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    write_standings(files[1], content["standings"])
    write_lines(files[2], (dataclasses.asdict(ballot) for ballot in ballots(contest.gate)))
    return files


def write_standings(file: Path, standings: list[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.DictWriter(out, list(standings[0]))
        rows.writeheader()
        rows.writerows({key: harmless(value) for key, value in standing.items()} for standing in standings)


def harmless(value: Any) -> Any:
    """A cell that a spreadsheet will not run: text that looks like a formula gets a quote in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def write_lines(file: Path, lines: Iterable[dict[str, Any]]) -> None:
    """JSON Lines, gzipped; the same lines always make the same bytes."""
    with file.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
        for line in lines:
            out.write(json_line(line))


def json_line(line: dict[str, Any]) -> bytes:
    """A line as it stands in `ballots.jsonl`."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
