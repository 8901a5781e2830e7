"""Imports point down, and the tool that says so is not asleep."""

import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PACKAGES = ("config", "frontend", "leaderboard", "arena", "inference", "accounts", "rating")
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def contracts(folder) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path):
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("node_modules", "dist", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold(copy):
    assert contracts(copy).returncode == 0


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("arena/voting.py", "import leaderboard.models", "Imports point down"),
        ("accounts/models.py", "import inference.models", "Imports point down"),
        ("leaderboard/fold.py", "import frontend.views", "Imports point down"),
        ("rating/tally.py", "import django", "Ratings know no web"),
        ("arena/drawing.py", "import rating", "Nobody but the leaderboard rates"),
        ("arena/streaming.py", "import httpx", "Only inference talks to workers"),
        ("arena/voting.py", "import arena.views", "Domain modules know no views"),
    ],
)
def test_a_planted_import_breaks_its_contract(copy, file, line, contract):
    with (copy / file).open("a") as source:
        source.write(f"\n{line}\n")
    answer = contracts(copy)
    assert answer.returncode != 0
    assert any(contract in said and "BROKEN" in said for said in answer.stdout.splitlines())
