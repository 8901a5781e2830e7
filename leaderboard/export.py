"""An edition of a board as files: what an outsider needs to recompute the cut. No text, no addresses.

The same edition always makes the same bytes. The files grow in a hidden folder and get their names when all are whole;
`SHA256SUMS` comes last, so that a folder which has it is complete.
"""

import csv
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from arena.ballots import Total, totals
from leaderboard.ballot_file import Told, write_ballots
from leaderboard.boards import as_told, rating_line
from leaderboard.citing import write_bibtex, write_datacite
from leaderboard.cut.told import decision_of
from leaderboard.editions import served
from leaderboard.models import Board, Decision, Round
from leaderboard.scoring.files import write_scores

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # wide ones count in East Asia's Excel
BALLOTS, SUMS = "ballots.jsonl.gz", "SHA256SUMS"
GROUNDS, DECISION = "grounds.json", "decision.json"
UNFINISHED = ".unfinished"


class ExportUnderWay(Exception):
    """Another export writes into this folder."""


def export_round(contest: Round, folder: Path, *, told: Told = int) -> list[Path]:
    """Export the edition of a round that is served."""
    edition = served(contest.series)
    assert edition is not None  # opening published one
    return export_board(edition, folder, told=told)


def export_board(edition: Board, folder: Path, *, told: Told = int) -> list[Path]:
    """Write all files of an edition of a round into a folder. Returns them. Raises OSError and ExportUnderWay.

    told: how many more ballots are written, now and then; those of an earlier, interrupted run at once.
    """
    contest = Round.objects.select_related("gate", "series").get(series_id=edition.series_id)
    unfinished = folder / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    with held(folder):
        write_ballots(contest.gate, edition.position, unfinished / BALLOTS, told=told)
        for name, write in WRITERS.items():
            write(contest, edition, unfinished / name)
        decision = decision_of(contest, edition)
        found = write_decision(decision, unfinished) if decision else []
        found += write_scores(contest, decision, unfinished, harmless=harmless)
        names = sorted([*WRITERS, BALLOTS, *found])
        write_sums(unfinished, names)
        (folder / SUMS).unlink(missing_ok=True)
        for name in (*names, SUMS):
            (unfinished / name).replace(folder / name)
        shutil.rmtree(unfinished)
    return [folder / name for name in (*names, SUMS)]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder, for this process alone, until it ends in whatever way. Raises ExportUnderWay."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ExportUnderWay from None
    finally:
        os.close(descriptor)


def write_board(contest: Round, edition: Board, file: Path) -> None:
    content = json.dumps(board_content(contest, edition), ensure_ascii=False, indent=2)
    file.write_text(content + "\n", encoding="utf-8")


def board_content(contest: Round, edition: Board) -> dict[str, Any]:
    """The edition as the API shows it, less what changes while the round goes on."""
    content = as_told(contest.series, edition)
    cut_size = edition.parameters.get("below") or contest.cut_size
    line = rating_line(contest, list(edition.standings.all()), cut_size)
    told = {"line": line.rating if line else None, "outlook": edition.outlook}
    told["reference"] = content["round"]["reference"]
    fixed = {"number": contest.number, "key": contest.key, "cut_size": cut_size, **told}
    return content | {"position": edition.position, "round": fixed}


def write_rulebook(contest: Round, edition: Board, file: Path) -> None:
    """The rules in force when the edition was made, byte by byte as their digest was made of them."""
    versions = contest.rulebooks.order_by("version")
    # Boards of before there were rulebooks are older than the first.
    rules = versions.filter(created_at__lte=edition.created_at).last() or versions.first()
    assert rules is not None  # opening wrote one
    file.write_bytes(rules.content.encode())


def write_standings(contest: Round, edition: Board, file: Path) -> None:
    """The standings for spreadsheets; with a byte order mark, without which Excel garbles Hangul."""
    standings = board_content(contest, edition)["standings"]
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        rows = csv.DictWriter(out, list(standings[0]))
        rows.writeheader()
        rows.writerows({key: harmless(value) for key, value in standing.items()} for standing in standings)


def harmless(value: Any) -> Any:
    """A cell that a spreadsheet will not run: text that looks like a formula gets a quote in front."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_STARTS) else value


def write_decision(found: Decision, folder: Path) -> list[str]:
    """The decision that the edition shows and what it rests on, as they were recorded. Returns the files' names."""
    (folder / GROUNDS).write_bytes(found.grounds.encode())
    (folder / DECISION).write_bytes(found.content.encode())
    return [GROUNDS, DECISION]


def write_tallies(contest: Round, edition: Board, file: Path) -> None:
    """How often each ordered pair got each verdict, as Parquet."""
    # Half a second and 40 MB that only an export needs.
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    rows = totals(contest.gate, upto=edition.position)
    columns = list(zip(*rows, strict=True)) or [()] * len(Total._fields)
    kinds = [pa.string()] * 3 + [pa.int64()] * 2
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    parquet.write_table(pa.Table.from_arrays(arrays, names=list(Total._fields)), file)


def write_dictionary(contest: Round, edition: Board, file: Path) -> None:
    """The README: what each file and field is, in English and Korean."""
    words = Path(__file__).with_name("dictionary.md").read_text(encoding="utf-8")
    told = {"SERIES": contest.series.slug, "NUMBER": edition.number, "POSITION": f"{edition.position:,}"}
    for name, value in told.items():
        words = words.replace(f"{{{name}}}", str(value))
    file.write_text(words, encoding="utf-8")


WRITERS: dict[str, Callable[[Round, Board, Path], None]] = {
    "README.md": write_dictionary,
    "citation.bib": write_bibtex,
    "datacite.json": write_datacite,
    "board.csv": write_standings,
    "board.json": write_board,
    "rulebook.json": write_rulebook,
    "tallies.parquet": write_tallies,
}


def write_sums(folder: Path, names: list[str]) -> None:
    """What `sha256sum -c SHA256SUMS` compares the files with."""
    lines = []
    for name in names:
        with (folder / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n")
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
