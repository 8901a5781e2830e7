"""An organizer drafts a round and moves it from the command line, told beforehand what each step does."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from accounts.models import User
from config.diagnosis import round_now
from leaderboard.models import Round
from leaderboard.schedule import keep_schedule
from tests.conftest import make_entries
from tests.leaderboard.test_closing import decide


@pytest.fixture
def entries(transactional_db, worker):
    for name in ("ahn", "bae"):
        User.objects.create(username=name, email=f"{name}@example.org", is_staff=True)
    return [entry.slug for entry in make_entries(worker, 4)]


@pytest.fixture
def run(capsys):
    def called(*command, **options):
        call_command(*command, **options)
        return capsys.readouterr().out

    return called


def in_days(days):
    return (timezone.localtime() + timedelta(days=days)).isoformat()


def test_a_round_goes_from_a_draft_to_its_final_result(entries, run, tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text('{"appeal_days": 0, "minimum_votes": 20, "tie_chain": ["head_to_head", "score"]}')
    said = run("draft_round", *entries, opens=in_days(1), ends=in_days(9), rulebook=rules, by="ahn")
    assert "manage.py round 1 scheduled" in said
    run("draft_round", number=1, cut=2)
    step = {"by": "ahn", "reason": "As agreed.", "yes": True}
    said = run("round", 1, "scheduled", **step)
    assert "The dates and the rules become public." in said
    assert "Round 1 is scheduled since " in said
    assert "Round 1: scheduled; open by the schedule at " in run("round")
    run("round", 1, "open", **step)
    contest = Round.objects.get()
    assert contest.cut_size == 2
    decide(contest)
    for to in ("closed", "tallied", "provisional", "appeal"):
        run("round", 1, to, **step)
    assert "A second organizer has to confirm it." in run("round", 1, "final", **step)
    told = run("round", 1)
    assert "ahn asks for final, and waits for a second: As agreed." in told
    assert "final        The result stands. From here it can only be annulled. [two organizers]" in told
    with pytest.raises(CommandError, match="who has asked for it cannot confirm it"):
        run("round", 1, "confirm", by="ahn", yes=True)
    assert "Round 1 is final since" in run("round", 1, "confirm", by="bae", yes=True)
    assert "final        ahn and bae: As agreed." in run("round", 1)


def test_nothing_is_done_that_nobody_said_yes_to(entries, run, monkeypatch):
    run("draft_round", *entries, opens=in_days(1), ends=in_days(9))
    with pytest.raises(CommandError, match="say --yes"):
        run("round", 1, "scheduled", reason="As agreed.")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    with pytest.raises(CommandError, match="stays as it is"):
        run("round", 1, "scheduled", reason="As agreed.")
    assert Round.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        (("round", 2), {}, "There is no round 2"),
        (("round", 1, "scheduled"), {"yes": True}, "it needs a reason"),
        (("round", 1, "scheduled"), {"yes": True, "reason": "So.", "by": "cha"}, "There is no organizer cha"),
        (("round", 1, "closed"), {"yes": True, "reason": "So."}, "it is draft; from there it can become: scheduled"),
        (("round", 1, "confirm"), {"yes": True, "by": "ahn"}, "Nothing waits to be confirmed"),
        (("draft_round", "nobody"), {}, "There is no entry nobody"),
        (("draft_round", "alder"), {}, "needs --opens and --ends"),
        (("draft_round",), {"number": 2}, "There is no round 2"),
        (("draft_round",), {"number": 1, "cut": 4}, "a cut of 4 does not fit 4 entries"),
        (("draft_round",), {"number": 1, "ends": "2020-01-01T00:00"}, "its end has passed already"),
    ],
)
def test_what_cannot_be_done_is_refused_with_words(entries, run, command, options, words):
    run("draft_round", *entries, opens=in_days(1), ends=in_days(9))
    with pytest.raises(CommandError, match=words):
        run(*command, **options)
    assert Round.objects.get().state == "draft"


def test_the_doctor_says_where_the_schedule_is_stuck_and_what_waits(entries, run):
    run("draft_round", *entries, opens=in_days(1), ends=in_days(9))
    run("round", 1, "scheduled", reason="So.", yes=True)
    run("open_round", *entries, ends=in_days(3))
    Round.objects.filter(number=1).update(opens_at=timezone.now())
    with translation.override("en"):
        keep_schedule()
    assert "round 2 is open" in run("round")
    assert "the schedule cannot move Round 1 on" in next(round_now()).words
    run("round", 2, "closed", reason="So.", yes=True)
    Round.objects.filter(number=1).update(opens_at=timezone.now() + timedelta(days=1))
    keep_schedule()
    assert "Round 2 is counted and waits for its cut" in [answer.words for answer in round_now()]
