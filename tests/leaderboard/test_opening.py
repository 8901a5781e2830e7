"""Setting up a contest from the command line, as an organizer does."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from arena.models import Terms
from inference.models import Entry, Worker
from leaderboard.models import Participation, Round

pytestmark = pytest.mark.django_db


def enter(slug, worker, **options):
    call_command("add_entry", slug, name=slug.title(), team=f"Team {slug}", worker=worker.url, **options)


def test_entries_are_added_and_a_round_opened_over_them(worker, capsys):
    for slug in ("alder", "birch", "cedar"):
        enter(slug, worker, slots=4)
    assert "Its worker at" in capsys.readouterr().out
    assert Worker.objects.filter(healthy=True, slots=4).count() == 3
    call_command(
        "open_round", "alder", "birch", "cedar", ends="2099-12-31T18:00", cut=2, temperature=0.2, reveal="close"
    )
    contest = Round.objects.get()
    assert (contest.number, contest.cut_size, contest.ends_at.isoformat()) == (1, 2, "2099-12-31T09:00:00+00:00")
    assert Participation.objects.count() == 3
    terms = Terms.objects.get()
    assert (float(terms.temperature), terms.reveal, terms.drawables.count()) == (0.2, "close", 3)


def test_an_entry_once_made_is_never_changed(worker):
    enter("alder", worker)
    call_command("add_entry", "alder", name="Other", team="Other team", worker=worker.url, slots=2)
    assert Entry.objects.get().name == "Alder"
    assert Worker.objects.get().slots == 2


def test_a_worker_that_does_not_answer_is_said_so(capsys):
    call_command("add_entry", "alder", name="Alder", team="Team", worker="http://127.0.0.1:9")
    assert "not answering yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"slug": "no slug"}, "is no slug"),
        ({"worker": "127.0.0.1:9000"}, "is no http or https address"),
        ({"worker": "file:///etc/passwd"}, "is no http or https address"),
        ({"slots": 0}, "at least one slot"),
    ],
)
def test_an_entry_that_cannot_be_is_refused(options, words):
    good = {"slug": "alder", "name": "Alder", "team": "Team", "worker": "http://127.0.0.1:9"}
    wanted = good | options
    with pytest.raises(CommandError, match=words):
        call_command("add_entry", wanted.pop("slug"), **wanted)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("slugs", "options", "words"),
    [
        (["alder", "nobody"], {}, "no entry nobody"),
        (["alder", "birch"], {"cut": 2}, "a cut of 2 does not fit"),
        (["alder", "birch"], {"cut": 0}, "a cut of 0 does not fit"),
        (["alder", "birch"], {"ends": "tomorrow"}, "no moment"),
        (["alder", "birch"], {"ends": "2020-01-01T00:00"}, "has passed already"),
        (["alder", "twin"], {}, "belong to one team"),
    ],
)
def test_a_round_that_cannot_be_is_refused(worker, slugs, options, words):
    enter("alder", worker)
    enter("birch", worker)
    call_command("add_entry", "twin", name="Twin", team="Team alder", worker=worker.url)
    with pytest.raises(CommandError, match=words):
        call_command("open_round", *slugs, **({"ends": "2099-01-01T00:00"} | options))
    assert not Round.objects.exists()


def test_a_second_round_waits_for_the_first_to_close(worker):
    enter("alder", worker)
    enter("birch", worker)
    ends = (timezone.now() + timedelta(days=1)).isoformat()
    call_command("open_round", "alder", "birch", ends=ends)
    with pytest.raises(CommandError, match="a round is open already"):
        call_command("open_round", "alder", "birch", ends=ends)
