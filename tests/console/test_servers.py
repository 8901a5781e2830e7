"""Organizers enter a model's servers, see what the checks found, and take them out of service."""

import re

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY

from accounts.models import Action
from inference.draining import in_service
from inference.models import QUIET, Beat, Entry, Registration, Worker
from inference.probing import probe_all
from inference.serving.beats import hear_beat
from inference.tasks import check_all
from leaderboard.models import Participation
from leaderboard.needs import needs
from tests.console.test_console import said

PAGE = "/console/entries/alder"


@pytest.fixture
def ada(contest, organizer, worker, settings):
    settings.WORKER_PACE_SECONDS = 0.3
    worker.app.delay = 0.01
    Worker.objects.filter(entry__slug="alder").delete()
    return organizer()


def enter(person, worker, **other):
    form = {"url": worker.url, "served_name": "standin", "slots": "2", "key": "sk-1", "extra_body": "{}", **other}
    return person.post(PAGE, {"do": "enter", **form}, shown_at=PAGE)


def test_a_server_is_entered_checked_taken_out_and_removed(ada, worker):
    assert "No server yet: it is not drawn." in said(ada.get(PAGE))
    assert "It waits to be checked." in said(enter(ada, worker, extra_body='{"top_k": 5}'))
    mine = Worker.objects.get(entry__slug="alder")
    assert (mine.key, mine.extra_body, in_service(Worker.objects.filter(pk=mine.pk)).exists()) == (
        "sk-1",
        {"top_k": 5},
        False,
    )
    check_all()
    page = said(ada.get(PAGE))
    assert page.count('data-healthy="yes"') == 8
    assert "characters a second with 2 at once" in page
    assert "sk-1" not in page
    said(ada.post(PAGE, {"do": "drain", "worker": mine.pk}, shown_at=PAGE))
    assert not in_service(Worker.objects.filter(pk=mine.pk)).exists()
    assert "by an organizer" in said(ada.get(PAGE))
    refused = ada.post(PAGE, {"do": "remove", "worker": mine.pk}, shown_at=PAGE)
    assert (refused.status_code, "may still answer somebody" in refused.content.decode()) == (409, True)
    said(ada.post(PAGE, {"do": "resume", "worker": mine.pk}, shown_at=PAGE))
    assert in_service(Worker.objects.filter(pk=mine.pk)).exists()
    # Checked again, and by then it serves something else.
    worker.app.name = "else"
    said(ada.post(PAGE, {"do": "check", "worker": mine.pk}, shown_at=PAGE))
    check_all()
    assert "It serves no model of this name, but: else." in said(ada.get(PAGE))
    assert "It serves no model of this name" in said(ada.get("/console/entries"))
    assert [one.about for one in needs() if one.kind == "worker_refused"] == [
        f"Alder: {worker.url}: It serves no model of this name, but: else."
    ]
    assert "removed" in said(ada.post(PAGE, {"do": "remove", "worker": mine.pk}, shown_at=PAGE))
    assert [row.action for row in Action.objects.filter(action__startswith="server").order_by("id")] == [
        *("server.entered", "server.drained", "server.resumed", "server.checked", "server.removed")
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "http://169.254.169.254/"}, "no worker may be at 169.254.169.254"),
        ({"slots": "0"}, "from 1 to 1024 slots"),
        ({"extra_body": "[1]"}, "must be a JSON object"),
        ({"extra_body": '{"temperature": 2}'}, "temperature is ours to set"),
    ],
)
def test_what_cannot_be_a_server_comes_back_with_its_words(ada, worker, wrong, words):
    answer = enter(ada, worker, **wrong)
    assert (answer.status_code, words in answer.content.decode()) == (409, True)
    assert not Worker.objects.filter(entry__slug="alder").exists()


def test_another_model_in_its_place_is_shown_to_organizers_and_its_team(ada, worker, settings):
    enter(ada, worker)
    check_all()
    settings.CANARY_SECONDS = 0
    worker.app.opening = "Well,"
    check_all()
    for path in (PAGE, "/team/team-alder/servers"):
        page = said(ada.get(path))
        assert "has answered otherwise than when it was checked" in page
        assert re.search(r"1 time of 1, .*? · the last time, too", page)
        assert "<q>Well, List the capitals" in page
    assert "as another model would" in said(ada.get("/console/"))
    # It was looked into: what it answers now is what is expected of it.
    said(ada.post(PAGE, {"do": "check", "worker": Worker.objects.get(entry__slug="alder").pk}, shown_at=PAGE))
    check_all()
    assert Registration.objects.count() == 2
    assert "otherwise than when it was checked" not in said(ada.get(PAGE))
    assert not [one for one in needs() if one.kind == "drift"]


def test_how_busy_a_server_is_stands_in_words_until_its_supervisor_falls_silent(ada, worker):
    enter(ada, worker)
    mine = Worker.objects.get(entry__slug="alder")
    busy = {"running": 3, "waiting": 1, "cache_share": 0.41, "tokens_per_second": 1812.4, "first_token_seconds": 0.214}
    hear_beat(mine, "serving", {**busy, "unheard_of": 1})
    words = "works on 3 · 1 in its own queue · cache 41% full · 1,812 tokens a second · first token after 0.21 s"
    for path in (PAGE, "/team/team-alder/servers"):
        assert words in said(ada.get(path))
    probe_all()
    where = {"entry": "alder", "worker": mine.url}
    assert REGISTRY.get_sample_value("lms_worker_readings", where | {"reading": "tokens_per_second"}) == 1812.4
    Beat.objects.update(said_at=timezone.now() - 2 * QUIET)
    assert "works on 3" not in (page := said(ada.get(PAGE)))
    assert "has been silent since" in page
    probe_all()
    assert REGISTRY.get_sample_value("lms_worker_readings", where | {"reading": "running"}) is None


def test_one_more_model_is_entered_once(ada):
    form = {"slug": "fir", "name": "Fir", "team": "Team Fir"}
    assert "Servers of Fir" in said(ada.post("/console/entries/new", form))
    again = ada.post("/console/entries/new", form)
    assert (again.status_code, "of this short name already" in again.content.decode()) == (409, True)
    assert Entry.objects.filter(slug="fir").count() == 1
    assert not Participation.objects.filter(entry__slug="fir").exists()
