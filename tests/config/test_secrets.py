"""Secrets come from files as well, and no error shows one."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.one_shape  # each process is told its settings

TELL = """
from django.conf import settings
import django; django.setup()
print(settings.SECRET_KEY, settings.DATABASES["default"].get("PASSWORD"), sep="|")
"""


def told(**environment: str) -> subprocess.CompletedProcess[str]:
    """What a process that starts with these settings takes for its secrets."""
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    command = [sys.executable, "-c", TELL]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def secrets(tmp_path):
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


def test_secrets_are_read_from_files_named_like_the_settings(secrets, tmp_path):
    (secrets / "secret_key").write_text("a key of some length\n")
    (secrets / "database_password").write_text("pass word\n")
    url = "postgres://arena@127.0.0.1/arena"
    said = told(DATA_DIR=str(tmp_path), DATABASE_URL=url, SECRETS_DIR=str(secrets))
    assert said.stdout == "a key of some length|pass word\n", said.stderr
    assert not (tmp_path / "secret_key").exists()


def test_the_environment_goes_before_a_file_and_the_address_before_the_password(secrets, tmp_path):
    (secrets / "secret_key").write_text("from the file")
    url = "postgres://arena:in-the-address@127.0.0.1/arena"
    settings = {"SECRET_KEY": "from the environment", "DATABASE_PASSWORD": "beside it", "DATABASE_URL": url}
    said = told(DATA_DIR=str(tmp_path), SECRETS_DIR=str(secrets), **settings)
    assert said.stdout == "from the environment|in-the-address\n"


def test_a_folder_of_secrets_that_is_not_there_stops_the_start(tmp_path):
    said = told(DATA_DIR=str(tmp_path), SECRETS_DIR=str(tmp_path / "nowhere"))
    assert (said.returncode, said.stderr) == (2, "SECRETS_DIR: Path does not point to a directory\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://arena:s3cr3t/half@127.0.0.1/arena"),
        ("DATABASE_URL", "mysql://arena:s3cr3t@127.0.0.1/arena"),
        ("REDIS_URL", "redis://:s3cr3t#half@127.0.0.1/0"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_showing_its_password(tmp_path, name, value):
    said = told(DATA_DIR=str(tmp_path), **{name: value})
    assert said.returncode == 2
    assert said.stderr.startswith(f"{name}: Value error, ")
    assert "s3cr3t" not in said.stderr
    assert len(said.stderr.splitlines()) == 1


@pytest.mark.parametrize("folder", ["file/var", "file"])
def test_a_data_folder_that_cannot_be_used_is_said_in_one_line(tmp_path, folder):
    (tmp_path / "file").touch()
    said = told(DATA_DIR=str(tmp_path / folder))
    assert said.returncode == 2
    assert said.stderr.startswith(f"DATA_DIR: {tmp_path / folder} cannot keep a secret: ")
    assert len(said.stderr.splitlines()) == 1
