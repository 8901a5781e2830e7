"""The cut: the last is out, never drawn again, and the files prove it."""

import csv
import gzip
import json
import subprocess
import sys
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from arena.models import Battle, Vote
from leaderboard.export import harmless
from leaderboard.models import Board, Participation, Round
from leaderboard.rounds import CannotClose, close_round
from leaderboard.tasks import fold_open_rounds
from tests.conftest import ROOT
from tests.leaderboard.test_folding import cast
from tests.visitor import receive


def decide(contest, games=20):
    """Alder beats Birch beats Cedar beats Dogwood."""
    for first, second in (("alder", "birch"), ("birch", "cedar"), ("cedar", "dogwood")):
        for n in range(games):
            cast(contest, first, second, "b" if n % 5 == 4 else "a")


def close(tmp_path, **options):
    call_command("close_round", out=tmp_path, **options)


def test_the_last_is_out_and_never_drawn_again(visitor, contest, tmp_path, capsys):
    decide(contest)
    with visitor.socket("/ws/board?series=round-1") as socket:
        receive(socket)
        close(tmp_path)
        final = receive(socket)
    assert {row["slug"]: row["status"] for row in final["standings"]} == {
        "alder": "safe", "birch": "safe", "cedar": "safe", "dogwood": "eliminated",
    }  # fmt: skip
    assert (final["round"]["state"], final["round"]["next"]) == ("provisional", "round-2")
    assert "Eliminated: Dogwood (dogwood)" in capsys.readouterr().out
    for _ in range(30):
        visitor.start()
    drawn = set(Battle.objects.filter(terms__gate__key="round-2").values_list("entry_a__slug", "entry_b__slug"))
    assert {slug for pair in drawn for slug in pair} == {"alder", "birch", "cedar"}
    assert visitor.http.get("/api/v1/board").json()["series"] == "round-2"
    assert visitor.http.get("/api/v1/board?series=round-1").json()["round"]["next"] == "round-2"


def test_the_exported_ballots_give_the_exported_board(contest, tmp_path):
    decide(contest)
    cast(contest, "dogwood", "alder", "a", counted=False)
    close(tmp_path)
    board = json.loads((tmp_path / "board.json").read_text())
    command = [sys.executable, "-m", "rating", "fit", str(tmp_path / "ballots.jsonl.gz"), "--json"]
    refit = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    ratings = {player["name"]: player["rating"] for player in refit["players"]}
    assert {row["slug"]: pytest.approx(row["rating"], abs=1e-6) for row in board["standings"]} == ratings
    assert refit["votes"] == board["votes"] == 60
    with gzip.open(tmp_path / "ballots.jsonl.gz", "rt") as lines:
        ballots = [json.loads(line) for line in lines]
    assert [ballot["position"] for ballot in ballots] == list(range(1, 62))
    assert [ballot["weight"] for ballot in ballots].count(0) == 1
    rows = list(csv.DictReader(StringIO((tmp_path / "board.csv").read_text(encoding="utf-8-sig"))))
    assert [row["slug"] for row in rows] == ["alder", "birch", "cedar", "dogwood"]
    assert float(rows[0]["rating"]) == board["standings"][0]["rating"]


def test_a_round_that_cannot_be_decided_stays_open(visitor, contest, tmp_path):
    cast(contest, "alder", "birch", "a")
    with pytest.raises(CommandError, match="not all entries are joined"):
        close(tmp_path)
    contest.refresh_from_db()
    contest.gate.refresh_from_db()
    assert (contest.state, contest.gate.is_open) == ("open", True)
    visitor.start()


def test_a_closed_round_cannot_be_closed_again(contest, tmp_path):
    decide(contest)
    close(tmp_path, last=True)
    with pytest.raises(CommandError, match="No round is open"):
        close(tmp_path)
    assert Participation.objects.filter(state="eliminated").count() == 1


def test_no_vote_counts_after_the_end_and_the_cut_waits_for_an_organizer(visitor, contest, tmp_path):
    decide(contest)
    duel = visitor.start()
    duel.ask("hi")
    Round.objects.update(opens_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(seconds=1))
    fold_open_rounds()
    assert duel.vote("a").json()["code"] == "round_closed"
    assert visitor.post("/battles").json()["code"] == "no_open_round"
    assert visitor.http.get("/api/v1/board").json()["round"]["state"] == "tallied"
    close(tmp_path)
    assert visitor.http.get("/api/v1/board?series=round-1").json()["round"]["state"] == "provisional"


def test_two_organizers_at_once_make_one_cut(contest, tmp_path):
    decide(contest)
    said = []

    def work():
        try:
            close_round(Round.objects.get(pk=contest.pk))
            said.append("closed")
        except CannotClose as why:
            said.append(str(why))
        connection.close()

    organizers = [threading.Thread(target=work) for _ in range(2)]
    for organizer in organizers:
        organizer.start()
    for organizer in organizers:
        organizer.join()
    assert sorted(said) == ["closed", "it is closed already"]
    assert Participation.objects.filter(state="eliminated").count() == 1


def test_the_contest_ends_when_one_is_left(contest, tmp_path, capsys):
    decide(contest)
    close(tmp_path)
    second = Round.objects.get(number=2)
    for _ in range(5):
        cast(second, "alder", "birch", "a")
        cast(second, "birch", "cedar", "a")
    close(tmp_path)
    third = Round.objects.get(number=3)
    for _ in range(5):
        cast(third, "alder", "birch", "a")
    close(tmp_path)
    assert not Round.objects.filter(state="open").exists()
    assert Round.objects.count() == 3


def test_votes_in_the_second_of_closing_are_in_or_out_by_commit(newcomer, contest, tmp_path):
    decide(contest)
    duels = [newcomer().start() for _ in range(8)]
    for duel in duels:
        duel.ask("hi")
    replies = []
    votes = [threading.Thread(target=lambda d=duel: replies.append(d.vote("a"))) for duel in duels]
    for thread in votes[:4]:
        thread.start()
    closing = threading.Thread(target=lambda: (close(tmp_path), close_connections()))
    closing.start()
    for thread in votes[4:]:
        thread.start()
    for thread in [*votes, closing]:
        thread.join()
    accepted = [reply for reply in replies if reply.status_code == 201]
    assert {reply.json()["code"] for reply in replies if reply.status_code != 201} <= {"round_closed"}
    final = Board.objects.filter(series=contest.series).latest("number")
    assert final.votes == Vote.objects.filter(gate=contest.gate).count() == 60 + len(accepted)


def close_connections():
    connection.close()


@pytest.mark.parametrize(
    ("cell", "written"),
    [("=1+1", "'=1+1"), (" @a", "' @a"), ("＝1", "'＝1"), ("\n=1", "'\n=1"), ("Alder", "Alder"), (-3.5, -3.5)],
)
def test_a_cell_that_looks_like_a_formula_is_made_harmless(cell, written):
    assert harmless(cell) == written
