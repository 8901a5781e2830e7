"""docker-compose.yml and what belongs to it: complete, without secrets, and in step with the settings."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config.environment import Environment
from config.up import read_compose
from inference.serving.supervision import Patience
from leaderboard.management.commands.serve_worker import Command
from tests.conftest import ROOT

CONTENT = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = CONTENT["services"]
STAYING = [name for name, about in SERVICES.items() if about.get("restart") != "no"]


@pytest.mark.parametrize("name", STAYING)
def test_a_service_that_stays_is_restarted_and_limited(name):
    about = SERVICES[name]
    assert about["restart"] == "unless-stopped"
    assert about["deploy"]["resources"]["limits"]["memory"]


@pytest.mark.parametrize("name", [name for name in STAYING if name not in {"beat", "caddy"}])
def test_a_service_that_answers_is_asked_after_its_health(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_there_are_two_web_processes_behind_the_proxy_and_one_beat():
    webs = [name for name in SERVICES if name.startswith("web")]
    assert SERVICES["caddy"]["environment"]["WEB"].split() == [f"{name}:8000" for name in webs]
    assert len(webs) == 2
    assert [name for name in SERVICES if "beat" in SERVICES[name].get("command", ())] == ["beat"]


def test_only_the_proxy_can_be_reached_from_outside():
    assert [name for name, about in SERVICES.items() if "ports" in about] == ["caddy"]


def test_the_sites_environment_holds_settings_and_no_secret():
    for name in ("web1", "web2", "worker", "beat", "migrate"):
        environment = SERVICES[name]["environment"]
        known = {field.upper() for field in Environment.model_fields} | {"SECRETS_DIR"}
        assert {*environment} <= known
        assert not {"SECRET_KEY", "DATABASE_PASSWORD"} & {*environment}
        assert ":" not in environment["DATABASE_URL"].partition("://")[2].partition("@")[0]
        assert SERVICES[name]["secrets"] == ["secret_key", "worker_keys", "database_password"]


def test_a_web_process_has_longer_to_end_than_its_streams():
    drain = Environment.model_fields["drain_seconds"].default
    for name in ("web1", "web2"):
        assert float(SERVICES[name]["stop_grace_period"].removesuffix("s")) > drain + 15


def test_a_gpus_service_is_what_serve_worker_takes_and_may_end_as_slowly_as_it_does():
    about = read_compose(ROOT / "docker-compose.yml", {})["services"]["vllm"]
    (device,) = about["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert about["init"]
    python, manage, command, *words = about["command"]
    assert (python, manage, command) == ("python", "manage.py", "serve_worker")
    assert Command().create_parser("manage.py", command).parse_args(words).engine == "vllm"
    patience = Patience()
    assert float(about["stop_grace_period"].removesuffix("s")) > patience.drain + patience.stop + 10


def test_the_image_for_gpus_installs_vllm_as_it_is_pinned_where_serve_worker_finds_it():
    image = (ROOT / "Dockerfile").read_text().partition(" AS gpu\n")[2]
    assert "/opt/vllm/bin/python -m pip install" in image
    assert "--require-hashes -r requirements-gpu.txt" in image
    assert "ENV VLLM=/opt/vllm/bin/vllm" in image
    for name in ("gpu", "vllm"):
        pins = re.findall(r"^[\w-]+==\S+", (ROOT / f"requirements-{name}.in").read_text(), re.MULTILINE)
        locked = (ROOT / f"requirements-{name}.txt").read_text()
        assert pins
        assert all(f"{pin} " in locked for pin in pins)


def test_the_proxy_understands_its_file():
    caddy = Path(sys.executable).parent / "caddy"
    env = {"WEB": "127.0.0.1:1 127.0.0.1:2", "SITE_ADDRESS": "localhost", "HOME": "/nonexistent"}
    for words in (["validate"], ["fmt", "--diff"]):
        command = [str(caddy), *words, *(["--config"] if words == ["validate"] else []), "deploy/Caddyfile"]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
