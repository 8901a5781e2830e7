"""What must hold after every fault: `assert_sound`."""

import gzip
import json
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection

from rating import Tally, fit, outcome_named
from tests.faults.guests import Vote
from tests.faults.stack import Stack
from tests.servers import PATIENCE, wait_until
from tests.visitor import Visitor, receive

SAME_RATING = 1e-6  # Elo
BATTLE_SECONDS = 150

EXPORT = """
from pathlib import Path
from leaderboard.export import export_round
from leaderboard.models import Round
export_round(Round.objects.get(), Path({folder!r}))
"""


def assert_sound(stack: Stack, acknowledged: dict[str, Vote]) -> None:
    """Nothing acknowledged is lost, nothing is there twice, no battle hangs, and the board is what its ballots say."""
    cast = votes(stack)
    lost = [battle for battle, vote in acknowledged.items() if cast.get(battle) != vote.winner]
    assert not lost, f"{len(lost)} acknowledged votes are lost"
    await_boards(stack)
    positions = [position for (position,) in stack.rows("SELECT position FROM arena_vote ORDER BY position")]
    assert positions == [*range(1, len(cast) + 1)]
    assert (
        stack.rows("SELECT id FROM arena_vote WHERE battle_id IN (SELECT id FROM arena_battle WHERE state <> 'voted')")
        == []
    ), "a void battle weighs something"
    assert (
        stack.rows(
            "SELECT id FROM arena_turn WHERE state = 'streaming' AND started_at < now() - make_interval(secs => %s)",
            BATTLE_SECONDS,
        )
        == []
    ), "a battle hangs"
    ballots = exported(stack)
    assert [ballot["position"] for ballot in ballots] == positions
    assert {ballot["battle"]: ballot["winner"] for ballot in ballots} == cast
    for name in ("web1", "web2"):
        assert_rated(board(stack, name), ballots)


def votes(stack: Stack) -> dict[str, str]:
    """The winner of each battle that was voted on, as the database has it."""
    return {str(battle): winner for battle, winner in stack.rows("SELECT battle_id, winner FROM arena_vote")}


def await_boards(stack: Stack) -> None:
    """Wait until the boards of all web processes count every vote that counts."""
    ((counted,),) = stack.rows("SELECT count(*) FROM arena_vote WHERE counted_as IS NOT NULL")
    wait_until(lambda: all(board(stack, name)["votes"] == counted for name in ("web1", "web2")))
    # Votes that do not count move no number of a board, but have their places too.
    wait_until(lambda: not stack.rows("SELECT id FROM arena_vote WHERE position IS NULL"))


def board(stack: Stack, name: str) -> Any:
    return httpx.get(f"{stack.base(name)}/api/v1/board", trust_env=False, timeout=PATIENCE).raise_for_status().json()


@contextmanager
def watched_board(stack: Stack, name: str) -> Iterator[ClientConnection]:
    """The board in a browser that stays open through the fault, on a web process that lives through it."""
    with closing(Visitor(stack.base(name))) as visitor, visitor.socket("/ws/board") as socket:
        yield socket


def await_shown(watched: ClientConnection, stack: Stack) -> None:
    """Wait until that browser has been sent the board that is served."""
    newest = board(stack, "web1")["number"]
    while receive(watched)["number"] < newest:
        pass


def exported(stack: Stack) -> list[dict[str, Any]]:
    """The ballots as an outsider gets them."""
    with tempfile.TemporaryDirectory() as folder:
        stack.run(EXPORT.format(folder=folder))
        with gzip.open(Path(folder) / "ballots.jsonl.gz", "rt") as lines:
            return [json.loads(line) for line in lines]


def assert_rated(shown: Any, ballots: list[dict[str, Any]]) -> None:
    """The served ratings are those that `rating` makes of the ballots."""
    slugs = sorted(standing["slug"] for standing in shown["standings"])
    place = {slug: i for i, slug in enumerate(slugs)}
    tally = Tally.empty(len(slugs))
    for ballot in ballots:
        tally.add(place[ballot["a"]], place[ballot["b"]], outcome_named(ballot["winner"]), ballot["weight"])
    assert shown["votes"] == tally.votes
    ratings = fit(tally, apart=True).ratings()
    for standing in shown["standings"]:
        assert abs(standing["rating"] - ratings[place[standing["slug"]]]) < SAME_RATING
