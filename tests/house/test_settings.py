"""The settings page of an operator: `.env.example`, the typed list, and what a wrong value says."""

import os
import subprocess
import sys

import pytest

from config.environment import Environment
from tests.conftest import ROOT


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_every_setting_once_with_its_description():
    text = (ROOT / ".env.example").read_text()
    assert list(example()) == [name.upper() for name in Environment.model_fields]
    for field in Environment.model_fields.values():
        assert f"# {field.description}\n" in text


def test_the_example_as_it_stands_is_the_default(monkeypatch):
    for name in example():
        monkeypatch.delenv(name, raising=False)
    defaults = Environment(_env_file=None)
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    assert Environment(_env_file=None) == defaults


def started_with(**settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://here"),
        ("REDIS_URL", "localhost:6379"),
        ("LOG_LEVEL", "loud"),
        ("TRUSTED_PROXIES", "-1"),
        ("WORKER_TOTAL_SECONDS", "forever"),
        ("DEBUG", "perhaps"),
        ("RETENTION_DAYS", "0"),
        ("MODERATION_URL", "localhost:9000"),
        ("MODERATION_KEY", "비밀"),
        ("MAIL_HOST", "smtp://mail"),
        ("MAIL_SECURITY", "some"),
    ],
)
def test_a_wrong_value_stops_the_start_and_says_which(tmp_path, name, value):
    answer = started_with(DATA_DIR=str(tmp_path), **{name: value})
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"{name}: ")
    assert len(answer.stderr.splitlines()) == 1


def test_an_empty_environment_is_a_site(tmp_path):
    assert started_with(DATA_DIR=str(tmp_path)).returncode == 0
