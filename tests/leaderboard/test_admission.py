"""A round opens only over workers that keep its pace."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.organizers import add_organizer
from inference.draining import drain
from inference.entries import add_entry
from inference.models import DrainCause, Worker
from leaderboard.drafts import draft_round
from leaderboard.entering import CannotMove
from leaderboard.models import RoundState
from leaderboard.needs import needs
from leaderboard.states import begin, move
from tests.conftest import make_entries

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def announced(worker, settings):
    """A round of two at 20 characters a second, that is to open tomorrow."""
    settings.UNCHECKED_WORKERS, settings.WORKER_PACE_SECONDS = False, 0.3
    worker.app.delay = 0.01
    by = add_organizer(name="ada", email="ada@example.org", password="wide-river-under-birches")
    now = timezone.now()
    contest = draft_round(
        make_entries(worker, 2), opens_at=now + timedelta(days=1), ends_at=now + timedelta(days=9), pace=20
    )
    begin(contest, by=by, reason="A round.")
    move(contest, RoundState.SCHEDULED, by=by, reason="Announced.")
    contest.refresh_from_db()
    return contest, by


def opened(announced):
    contest, by = announced
    move(contest, RoundState.OPEN, by=by, reason="Opened.")
    contest.refresh_from_db()
    return contest.state


def enter(worker, *slugs, **options):
    for slug in slugs:
        call_command("add_worker", slug, worker.url, served_name="standin", slots=2, **options)


def test_it_waits_for_every_worker_to_be_checked(announced, worker, capsys, settings):
    with pytest.raises(CannotMove, match=r"Alder.*; .*Birch"):
        opened(announced)
    assert [one.kind for one in needs() if one.kind == "unfit"] == ["unfit"]
    enter(worker, "alder", "birch")
    said = capsys.readouterr().out
    assert (said.count("passed"), said.count("answers for Birch from now on")) == (16, 1)
    Worker.objects.filter(entry__slug="birch").update(pace=19.5)
    with pytest.raises(CannotMove, match=r"Birch.*19\.5.*20"):
        opened(announced)
    Worker.objects.filter(entry__slug="birch").update(pace=20)
    assert not [one for one in needs() if one.kind == "unfit"]
    assert opened(announced) == "open"


def test_what_was_refused_is_named_and_a_demonstration_opens_all_the_same(announced, worker, settings):
    worker.app.always = "empty"
    with pytest.raises(CommandError, match=r"It is kept, and asked nothing\. It ended an answer without a word"):
        enter(worker, "alder")
    with pytest.raises(CannotMove, match=r"Alder.* \("):
        opened(announced)
    settings.UNCHECKED_WORKERS = True
    assert opened(announced) == "open"


def test_no_rule_of_an_open_round_outruns_a_worker_and_no_newcomer_comes_without_one_that_keeps_up(announced, worker):
    enter(worker, "alder", "birch")
    assert opened(announced) == "open"
    alder, birch = Worker.objects.order_by("entry__slug")
    for one, pace in ((alder, 60), (birch, 25.5)):
        Worker.objects.filter(pk=one.pk).update(pace=pace)
    # One out of service comes back without new checks, so that it counts.
    drain([birch], DrainCause.TEAM)
    call_command("amend_round", pace=0, reason="As they come.")
    with pytest.raises(CommandError, match=r"Birch.* keeps 25\.5 characters a second, not 26"):
        call_command("amend_round", pace=26, reason="Faster.")
    Worker.objects.filter(pk=birch.pk).update(refused_because="checking", registered=False)
    with pytest.raises(CommandError, match=r"Birch at .* was not checked"):
        call_command("amend_round", pace=26, reason="Faster.")
    Worker.objects.filter(pk=birch.pk).delete()
    call_command("amend_round", pace=60, reason="Faster.")
    with pytest.raises(CommandError, match=r"Alder.* not 61"):
        call_command("amend_round", pace=61, reason="Faster.")
    add_entry(slug="cedar", name="Cedar", team="Team Cedar")
    with pytest.raises(CommandError, match="Cedar"):
        call_command("admit_entry", "cedar", reason="A wildcard.")
    enter(worker, "cedar")
    Worker.objects.filter(entry__slug="cedar").update(pace=60)
    call_command("admit_entry", "cedar", reason="A wildcard.")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"entry": "nobody"}, "no entry nobody"),
        ({"url": "http://169.254.169.254"}, "no worker may be at"),
        ({"extra_body": "[]"}, "must be a JSON object"),
        ({"key_file": "/nowhere/key"}, "cannot be read"),
    ],
)
def test_a_worker_that_cannot_be_entered_is_refused_with_words(announced, worker, options, words):
    from pathlib import Path  # noqa: PLC0415  beside what it tells

    wanted = {"entry": "alder", "url": worker.url, **options}
    if "key_file" in wanted:
        wanted["key_file"] = Path(wanted["key_file"])
    with pytest.raises(CommandError, match=words):
        call_command("add_worker", wanted.pop("entry"), wanted.pop("url"), **wanted)
