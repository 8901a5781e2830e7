"""Workers' keys are encrypted under a secret that the database does not hold."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from inference.entries import Unfit, add_entry, add_worker
from inference.faults import Keyless
from inference.models import Worker
from tests.conftest import ROOT

OLD, NEW = "an old one " * 4, "a new one " * 4


@pytest.fixture
def alder(db):
    entry = add_entry(slug="alder", name="Alder", team="Team Alder")
    return add_worker(entry, url="http://127.0.0.1:1/", served_name="alder", key="sk-비밀")


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM inference_worker")
        return str(cursor.fetchall())


def test_the_database_holds_a_key_that_only_the_site_can_read(alder, settings):
    assert "sk-" not in stored()
    assert Worker.objects.get().key == "sk-비밀"
    assert "sk-" not in f"{Worker.objects.get()} {Worker.objects.get()!r}"
    settings.WORKER_KEYS = [NEW]
    with pytest.raises(Keyless):
        _ = Worker.objects.get().key


def test_a_key_gets_another_seal_without_being_entered_again(alder, settings, capsys):
    settings.WORKER_KEYS = [OLD]
    alder.key = "sk-비밀"
    alder.save()
    settings.WORKER_KEYS = [NEW, OLD]
    assert Worker.objects.get().key == "sk-비밀"
    call_command("seal_keys")
    assert capsys.readouterr().out == "1 keys are encrypted under the first of WORKER_KEYS.\n"
    settings.WORKER_KEYS = [NEW]
    assert Worker.objects.get().key == "sk-비밀"
    settings.WORKER_KEYS = [OLD]
    before = stored()
    with pytest.raises(CommandError, match="under none of WORKER_KEYS"):
        call_command("seal_keys")
    assert stored() == before


def test_what_goes_along_with_a_request_says_nothing_that_the_terms_say(alder):
    def with_body(extra):
        add_worker(alder.entry, url=alder.url, served_name="alder", extra_body=extra)

    with_body({"chat_template_kwargs": {"enable_thinking": False}})
    for name in ("model", "messages", "temperature", "stream", "n"):
        with pytest.raises(Unfit, match=f"^{name}"):
            with_body({name: 1})
    assert Worker.objects.get().extra_body == {"chat_template_kwargs": {"enable_thinking": False}}


def test_a_short_worker_key_stops_the_start(tmp_path):
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "WORKER_KEYS": f"{OLD},short"}
    command = [sys.executable, "manage.py", "check"]
    said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (2, "WORKER_KEYS: Value error, each must have at least 32 characters\n")
