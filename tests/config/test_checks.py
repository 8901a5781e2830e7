"""`manage.py check`: each mistake of an operator has a name, and nothing right is called one."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.one_shape  # each process is told its settings

RIGHT = {
    "ALLOWED_HOSTS": "arena.example.org,localhost",
    "DATABASE_URL": "postgres://arena@database/arena",
    "HTTPS": "true",
    "MAIL_HOST": "smtp.example.org",
    "REDIS_URL": "redis://redis/0",
    "SECRET_KEY": "T9x-6mQ2vZr8kLw0sYp4uHc1nBf7jDa5gEo3iXt_RqWyVzKlMs",
    "TRUSTED_ORIGINS": "https://www.example.org",
    "TRUSTED_PROXIES": "1",
    "WORKER_KEYS": "Vb2-kQ9xLm4Zr7Tw0Ysp3uHc6nBf1jDa5gEo8iXt_RqWyVzKlMs",
}


def checked(folder, *options: str, tree=ROOT, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", *options],
        cwd=tree,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(folder), **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def names(answer: subprocess.CompletedProcess[str]) -> set[str]:
    assert answer.stderr.count("HINT:") == answer.stderr.count("(lms."), "each says how to mend it"
    return set(re.findall(r"\(lms\.(\w+)\)", answer.stderr))


def test_the_empty_default_has_nothing_to_mend(tmp_path):
    answer = checked(tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_a_right_production_has_nothing_to_mend(tmp_path):
    answer = checked(tmp_path, "--deploy", **RIGHT)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"DATABASE_URL": "postgres://arena@database/arena"}, {"W001"}, id="a database and no Redis"),
        pytest.param({"REDIS_URL": "redis://redis/0"}, {"W002"}, id="Redis and no database"),
        pytest.param({"RUN_CELERY": "false"}, {"E001"}, id="nobody folds"),
        pytest.param(RIGHT | {"RUN_CELERY": "true"}, {"W003"}, id="everybody folds"),
        pytest.param(
            {"ALLOWED_HOSTS": "arena.example.org", "DEBUG": "true", "DEMO": "echo"},
            {"W004", "W006", "W015", "W018"},
            id="a laptop put on the internet",
        ),
        pytest.param(RIGHT | {"ALLOWED_HOSTS": "*"}, {"W005"}, id="any host"),
        pytest.param(RIGHT | {"TRUSTED_PROXIES": "0"}, {"W007"}, id="a proxy nobody counted"),
        pytest.param(
            RIGHT | {"ALLOWED_HOSTS": "https://arena.example.org"}, {"E002"}, id="an address instead of a host"
        ),
        pytest.param(RIGHT | {"ALLOWED_HOSTS": "arena.example.org:443"}, {"E002"}, id="a host with its port"),
        pytest.param(RIGHT | {"ALLOWED_HOSTS": ","}, {"E002"}, id="no host"),
        pytest.param(RIGHT | {"TRUSTED_ORIGINS": "www.example.org"}, {"E003"}, id="an origin without a scheme"),
        pytest.param(RIGHT | {"TRUSTED_ORIGINS": "https://www.example.org/"}, {"E003"}, id="an origin with a path"),
        pytest.param(RIGHT | {"SECRET_KEY": "hunter2"}, {"W008"}, id="a short secret"),
        pytest.param(
            RIGHT | {"SECRET_KEY": "please-change-me-to-something-long-and-random"}, {"W008"}, id="the example's secret"
        ),
        pytest.param(
            {
                "WORKER_QUEUE_SECONDS": "120",
                "WORKER_IDLE_SECONDS": "120",
                "ABANDON_SECONDS": "600",
                "FOLD_SECONDS": "60",
            },
            {"W011", "W012", "W013", "W014"},
            id="clocks that make each other useless",
        ),
        pytest.param(
            RIGHT | {"DATA_DIR": "/proc/nowhere"}, {"W017"}, id="nowhere to write, beside a database"
        ),
        pytest.param(
            {"DATA_DIR": "/proc/nowhere"} | {name: RIGHT[name] for name in ("SECRET_KEY", "WORKER_KEYS")},
            {"E004"},
            id="nowhere to write",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_what_mends_it(tmp_path, settings, said):
    answer = checked(tmp_path, **settings)
    assert names(answer) == said
    assert answer.returncode == any(name.startswith("E") for name in said)


def test_a_kept_secret_that_others_may_read_is_named(tmp_path):
    checked(tmp_path)
    (tmp_path / "secret_key").chmod(0o644)
    answer = checked(tmp_path)
    assert names(answer) == {"W009"}
    assert f"HINT: chmod 600 {tmp_path}/secret_key" in answer.stderr


def test_several_machines_without_a_common_secret_are_named_for_a_deployment(tmp_path):
    settings = {name: value for name, value in RIGHT.items() if name not in ("SECRET_KEY", "WORKER_KEYS")}
    assert names(checked(tmp_path, **settings)) == set()
    assert names(checked(tmp_path, "--deploy", **settings)) == {"W010", "W019"}


def test_a_front_end_that_was_not_compiled_is_named_with_its_command(tmp_path):
    tree = tmp_path / "tree"
    not_code = shutil.ignore_patterns(".*", "node_modules", "dist", "var", "secrets", "tests")
    shutil.copytree(ROOT, tree, ignore=not_code)
    answer = checked(tmp_path, tree=tree)
    assert names(answer) == {"W016"}
    assert "HINT: make frontend/dist/manifest.json" in answer.stderr
