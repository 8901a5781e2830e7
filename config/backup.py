"""A backup: one file with the whole database and a manifest by which the restored one is compared and recounted.

The secret that signs visitors' cookies is not in it: who finds a backup must not be able to vote as anybody.
"""

import hashlib
import json
import os
import platform
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from config import contents
from config.dumps import CannotDump, dump, load, one_moment
from leaderboard.models import Round
from leaderboard.recounting import recount

FORMAT = 1
MANIFEST, DUMP = "manifest.json", "database.dump"
BLOCK = 1 << 20

Manifest = dict[str, Any]


class CannotBackUp(Exception):
    """No backup was made; the words say why."""


class CannotRestore(Exception):
    """Nothing was restored; the words say why."""


class Differs(Exception):
    """What was restored is not what was backed up; the words say in what."""


def back_up(file: Path) -> Manifest:
    """Write a backup, whole or not at all, never over another file. Raises CannotBackUp."""
    if file.exists():
        raise CannotBackUp(f"{file} exists already")
    if missing := contents.unapplied():
        raise CannotBackUp(f"the database is older than this code ({missing[0]} is not applied); use the code it runs")
    try:
        # Beside its end, and for the owner's eyes only: it holds prompts, password hashes and workers' keys.
        with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
            made = Path(folder, "backup")
            manifest = _write(made, Path(folder, DUMP))
            os.link(made, file)  # refuses to replace what appeared meanwhile
            _sync(file.parent)
    except FileExistsError:
        raise CannotBackUp(f"{file} exists already") from None
    except CannotDump as why:
        raise CannotBackUp(str(why)) from None
    except OSError as why:
        raise CannotBackUp(f"{file} cannot be written: {why.strerror}") from None
    return manifest


def _write(made: Path, dumped: Path) -> Manifest:
    with one_moment():
        manifest: Manifest = {
            "format": FORMAT,
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "engine": connection.vendor,
            "versions": {
                connection.vendor: ".".join(map(str, connection.get_database_version())),
                "django": django.get_version(),
                "python": platform.python_version(),
            },
            "secret_key": "not included",
            "migrations": contents.applied(),
            "rows": contents.rows(),
            "series": contents.series(),
        }
        dump(dumped)
    with dumped.open("rb") as data:
        manifest["dump"] = {"bytes": dumped.stat().st_size, "sha256": hashlib.file_digest(data, "sha256").hexdigest()}
    text = json.dumps({"manifest": manifest, "sha256": _seal(manifest)}, indent=2).encode()
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
        head = tarfile.TarInfo(MANIFEST)
        head.size, head.mode = len(text), 0o600
        tar.addfile(head, BytesIO(text))
        tar.add(dumped, DUMP)
    _sync(made)
    return manifest


def _seal(manifest: Manifest) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _sync(path: Path) -> None:
    """Have the disk keep it before anybody is told that it is kept."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def restore(file: Path) -> Iterator[str]:
    """Fill the empty database from a backup, and say step by step that it is what was backed up.

    Raises CannotRestore with nothing changed, or Differs at the end.
    """
    with _unpacked(file) as (manifest, dumped):
        _refuse_misfits(manifest)
        try:
            load(dumped)
        except CannotDump as why:
            raise CannotRestore(str(why)) from None
    yield f"Restored the database as of {manifest['made_at']}."
    wrong: list[str] = []

    def compared(what: str, then: Any, now: Any) -> str:
        if then == now:
            return f"{what}: as backed up."
        wrong.append(what)
        return f"{what}: DIFFERS. Backed up: {then}; restored: {now}."

    rows = contents.rows()
    yield compared(f"{sum(rows.values()):,} rows in {len(rows)} tables", manifest["rows"], rows)
    if newer := contents.unapplied():
        call_command("migrate", verbosity=0, interactive=False)
        yield f"Applied {len(newer)} newer migrations: {', '.join(newer)}."
    restored = contents.series()
    for slug, then in manifest["series"].items():
        yield compared(f"{slug}, board {then['board']} of {then['votes']:,} votes", then, restored.get(slug))
    for contest in Round.objects.order_by("number", "leg").select_related("gate", "series"):
        found = recount(contest)
        if not found.agrees:
            wrong.append(str(contest))
        verdict = "agrees" if found.agrees else "DIFFERS"
        yield (
            f"{contest}, recounted from its ballots: {verdict}. Board {found.board} has {found.votes:,} votes, the "
            f"ballots {found.counted:,}; the ratings are {found.apart:.1g} Elo apart."
        )
    if wrong:
        raise Differs(", ".join(wrong))


@contextmanager
def _unpacked(file: Path) -> Iterator[tuple[Manifest, Path]]:
    """The manifest, and the dump as a file, after their digests were found right. Raises CannotRestore."""
    with tempfile.TemporaryDirectory(prefix="restore.") as folder:
        dumped = Path(folder, DUMP)
        try:
            manifest = _unpack(file, dumped)
        except OSError as why:
            raise CannotRestore(f"{file} cannot be read: {why.strerror}") from None
        except (tarfile.TarError, KeyError, TypeError, ValueError):
            raise CannotRestore(f"{file} is no backup, or only a part of one") from None
        yield manifest, dumped


def _unpack(file: Path, dumped: Path) -> Manifest:
    with tarfile.open(file, "r:") as tar:
        sealed = json.loads(_member(tar, MANIFEST).read())
        manifest: Manifest = sealed["manifest"]
        if _seal(manifest) != sealed["sha256"]:
            raise CannotRestore(f"{file} is broken: its manifest is not the one that was written")
        if manifest["format"] != FORMAT:
            raise CannotRestore(f"{file} has format {manifest['format']}, and this code reads format {FORMAT}")
        digest = hashlib.sha256()
        with dumped.open("wb") as out, _member(tar, DUMP) as data:
            while block := data.read(BLOCK):
                digest.update(block)
                out.write(block)
    if digest.hexdigest() != manifest["dump"]["sha256"]:
        raise CannotRestore(f"{file} is broken: the database in it is not the one that was written")
    return manifest


def _member(tar: tarfile.TarFile, name: str) -> Any:
    """A file in the archive. Raises KeyError."""
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def _refuse_misfits(manifest: Manifest) -> None:
    """Raises CannotRestore where the backup does not fit this code or this database."""
    if manifest["engine"] != connection.vendor:
        raise CannotRestore(f"it is of {manifest['engine']}, and this database is {connection.vendor}")
    if newer := contents.unknown(manifest["migrations"]):
        raise CannotRestore(f"newer code made it ({newer[-1]} is not known here); restore it with that code")
    if tables := connection.introspection.table_names():
        name = connection.settings_dict["NAME"]
        raise CannotRestore(f"the database {name} is not empty ({len(tables)} tables); restore into a new one")
