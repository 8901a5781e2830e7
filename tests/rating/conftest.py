"""Real votes to test ratings with, and a quick, repeatable hypothesis."""

import importlib.metadata
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rating.files import read_ballots
from rating.tally import Tally

settings.register_profile(
    "rating", derandomize=True, max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("rating")

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def board_of_129() -> Path:
    """Chatbot Arena's votes to 14 August 2024, out of the package leaderbot (never imported)."""
    package = importlib.metadata.distribution("leaderbot")
    return Path(str(package.locate_file("leaderbot/data/chatbotarena_20240814.json")))


@pytest.fixture(scope="session")
def real_board(board_of_129: Path) -> tuple[tuple[str, ...], Tally]:
    return read_ballots(board_of_129)


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder with evalica's inputs and the scores it publishes for them."""
    folder = Path(os.environ.get("LMS_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "llmfao-golden.csv").exists():
        reason = f"evalica's published scores are not in {folder}; set LMS_DATA to their folder"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
