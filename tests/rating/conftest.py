"""Real votes to test ratings with, and a quick, repeatable hypothesis."""

import csv
import importlib.metadata
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rating.ballots import Ballots
from rating.command import main
from rating.files import read_ballots
from rating.tally import Tally

settings.register_profile(
    "rating", derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("rating")


@pytest.fixture(scope="session")
def board_of_129() -> Path:
    """Chatbot Arena's votes to 14 August 2024, out of the package leaderbot (never imported)."""
    package = importlib.metadata.distribution("leaderbot")
    return Path(str(package.locate_file("leaderbot/data/chatbotarena_20240814.json")))


@pytest.fixture(scope="session")
def real_board(board_of_129: Path) -> tuple[tuple[str, ...], Tally]:
    return read_ballots(board_of_129)


@pytest.fixture
def published(shared_data: Path) -> Path:
    """The folder with evalica's inputs and the scores it publishes for them."""
    return shared_data


@pytest.fixture
def llmfao(published: Path) -> Ballots:
    """8,931 votes of 124 workers on 59 models; the first of a pair stood on the left."""
    with (published / "llmfao.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row[side] for row in rows for side in ("left", "right")})
    first, second = ([names.index(row[side]) for row in rows] for side in ("left", "right"))
    outcome = [("left", "right", "tie").index(row["winner"]) for row in rows]
    voter = [int(row["worker"]) for row in rows]
    return Ballots.from_arrays(first, second, outcome, players=len(names), voter=voter)


@pytest.fixture
def run(capsys):
    """The command in this process: its exit status, what it prints, and what it says on stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        return (status, *capsys.readouterr())

    return run


@pytest.fixture
def board(run):
    """The JSON of a fit that must succeed."""

    def board(*arguments: object) -> dict:
        status, said, wrong = run("fit", "--json", *arguments)
        assert (status, wrong) == (0, "")
        return json.loads(said)

    return board
