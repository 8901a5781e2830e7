"""What a database holds, in figures and digests: by them a restored one is known to be the one that was backed up."""

import dataclasses
import hashlib
import json
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from arena.ballots import ballots
from arena.models import Gate, Vote
from leaderboard.ballot_file import json_line
from leaderboard.models import Board, Series


def unapplied() -> list[str]:
    """The migrations of this code that the database has not seen."""
    executor = MigrationExecutor(connection)
    return [f"{step.app_label}.{step.name}" for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def unknown(applied: list[str]) -> list[str]:
    """Those of the applied migrations that this code does not have: a newer one has made them."""
    loader = MigrationExecutor(connection).loader
    known = {f"{app}.{name}" for app, name in loader.disk_migrations}
    replaced = {f"{app}.{name}" for step in loader.replacements.values() for app, name in step.replaces}
    return sorted(set(applied) - known - replaced)


def applied() -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationExecutor(connection).loader.applied_migrations)


def rows() -> dict[str, int]:
    """How many rows each table has. Knows no models, so that it can be asked before newer migrations are applied."""
    with connection.cursor() as cursor:
        counts = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  its own names
            counts[table] = cursor.fetchone()[0]
    return counts


def series() -> dict[str, dict[str, Any]]:
    """Each series' last board, and the ballots from which it follows."""
    return {one.slug: _last_board(one) | _ballots(one) for one in Series.objects.order_by("slug")}


def _last_board(one: Series) -> dict[str, Any]:
    board = Board.objects.filter(series=one).order_by("-number").first()
    if board is None:
        return {"board": 0, "votes": 0, "standings": ""}
    fields = ("rank", "rank_low", "rank_high", "slug", "name", "rating", "low", "high", "votes", "p_cut", "status")
    standings = list(board.standings.order_by("slug").values_list(*fields))
    return {"board": board.number, "votes": board.votes, "standings": _digest(json.dumps(standings).encode())}


def _ballots(one: Series) -> dict[str, Any]:
    gate = Gate.objects.filter(round__series=one).first()
    if gate is None:
        return {}
    digest = hashlib.sha256()
    for ballot in ballots(gate):
        digest.update(json_line(dataclasses.asdict(ballot)))
    positioned = Vote.objects.filter(gate=gate, position__isnull=False).count()
    return {"positioned": positioned, "ballots": digest.hexdigest()}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
