"""Exports that organizers ask for in the console: written in portions by Celery, so that nothing waits behind one.

A row says what was asked and how far it is. Whoever dies meanwhile loses a portion; the next one goes on.
"""

import logging
import time
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.audit import record
from accounts.models import User
from leaderboard.editions import newest
from leaderboard.export import SUMS, ExportUnderWay, export_board
from leaderboard.models import Board, Export, Round, RoundState

log = logging.getLogger(__name__)

PORTION_SECONDS = 2.0  # votes wait to be counted for so long, where one worker does everything


class PortionDone(Exception):
    """Enough for now; the rest is written next time."""


@transaction.atomic
def ask_export(edition: Board, *, by: User) -> Export:
    """Have the files of an edition written. Asked again for one that failed, it goes on."""
    asked, new = Export.objects.get_or_create(board=edition, defaults={"asked_by": by})
    if asked.trouble:
        asked.trouble = ""
        asked.save(update_fields=["trouble"])
        new = True
    if new:
        record(by, "export.asked", edition.series.round.subject, board=edition.number)
    return asked


def keep_files(contest: Round) -> None:
    """Have the files of a final result written, for everybody to fetch. In the caller's transaction."""
    edition = newest(contest.series)
    assert edition is not None  # opening published one
    Export.objects.get_or_create(board=edition)


def folder_of(asked: Export) -> Path:
    folder: Path = settings.DATA_DIR / "exports" / f"{asked.board.series.slug}-board-{asked.board.number}"
    return folder


def files_of(asked: Export) -> list[Path]:
    """The files of a finished export, by name; nothing where somebody has cleared the folder away."""
    folder = folder_of(asked)
    if asked.finished_at is None or not (folder / SUMS).exists():
        return []
    return sorted(file for file in folder.iterdir() if file.is_file())


def public_files(contest: Round) -> list[Path]:
    """The files of a final result, by name; nothing before they are written."""
    if contest.state != RoundState.FINAL:
        return []
    asked = Export.objects.filter(board__series=contest.series_id).order_by("-board__number").first()
    return files_of(asked) if asked else []


def digests_of(files: list[Path]) -> dict[str, str]:
    """The SHA-256 of each, by name, as the sums beside them say it."""
    lines = [line.split() for file in files if file.name == SUMS for line in file.read_text().splitlines()]
    return {name: digest for digest, name in lines}


def write_portion() -> bool:
    """Write on at the export that waits longest. Whether there was one."""
    waiting = Export.objects.filter(finished_at=None, trouble="").select_related("board__series")
    asked = waiting.order_by("asked_at").first()
    if asked is None:
        return False
    try:
        export_board(asked.board, folder_of(asked), told=Watch(asked).told)
    except (PortionDone, ExportUnderWay):
        return True
    except OSError as why:
        log.error("an export failed: %s", why)  # noqa: TRY400  the disk is to blame, and the row says so
        Export.objects.filter(pk=asked.pk).update(trouble=(why.strerror or str(why))[:300])
        return True
    Export.objects.filter(pk=asked.pk).update(finished_at=Now(), written=asked.board.position)
    return True


class Watch:
    """Keeps how far an export is, and ends the portion when its time is over."""

    def __init__(self, asked: Export) -> None:
        self.asked, self.written = asked, -1
        self.until = time.monotonic() + PORTION_SECONDS

    def told(self, more: int) -> None:
        earlier = self.written < 0  # the first word is of what earlier portions wrote
        self.written = max(self.written, 0) + more
        Export.objects.filter(pk=self.asked.pk).update(written=self.written)
        if not earlier and self.written < self.asked.board.position and time.monotonic() > self.until:
            raise PortionDone
