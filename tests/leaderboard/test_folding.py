"""From votes to boards: by position, each vote once, in every browser."""

import json
import threading

import numpy as np
import pytest
from django.db import connection

from arena.ballots import ballots
from arena.models import Battle, Turn, Vote, Voter
from arena.sequence import sweep
from leaderboard import broadcast
from leaderboard.boards import all_series, board, history
from leaderboard.export import export_round
from leaderboard.fold import fold
from leaderboard.models import Board, Folded, Series
from leaderboard.rounds import close_round, open_following_round
from leaderboard.tasks import fold_open_rounds
from rating import Ballots, Tally, fit, outcome_named
from rating.command import main as rating_command
from tests.servers import wait_until
from tests.visitor import receive


def cast(contest, first, second, winner, *, counted=True, voter=None):
    """A vote as the arena leaves it behind, without the waiting."""
    entries = {part.entry.slug: part.entry for part in contest.participations.select_related("entry")}
    voter = voter or Voter.objects.create()
    terms = contest.gate.terms.get(version=1)
    battle = Battle.objects.create(
        terms=terms, voter=voter, entry_a=entries[first], entry_b=entries[second], propensity=0.1, state="voted"
    )
    return Vote.objects.create(
        battle=battle,
        gate=contest.gate,
        voter=voter,
        winner=winner,
        counted_as=voter.votes.count() + 1 if counted else None,
        set_aside="" if counted else "over_cap",
    )


def test_a_vote_moves_the_board_in_an_open_socket_without_asking(visitor, newcomer, contest):
    duel = visitor.start()
    duel.ask("hi")
    with newcomer().socket("/ws/board") as socket:
        first = receive(socket)
        assert (first["type"], first["number"], first["votes"]) == ("board", 1, 0)
        duel.vote("a")
        fold_open_rounds()
        second = receive(socket)
    assert (second["number"], second["votes"]) == (2, 1)
    assert second == {"type": "board", **visitor.http.get("/api/v1/board").json()}
    winner = next(row for row in second["standings"] if row["rank"] == 1)
    assert winner["slug"] == duel.state()["names"]["a"]["slug"]


def test_a_board_is_the_fit_of_its_ballots(contest, seeded):
    slugs = Folded.objects.get().slugs
    for _ in range(60):
        first, second = seeded.sample(slugs, 2)
        cast(contest, first, second, seeded.choice(["a", "a", "b", "tie", "both_bad"]))
        if seeded.random() < 0.2:
            fold(contest)
    fold(contest)
    tally = Tally.empty(4)
    for ballot in ballots(contest.gate):
        tally.add(slugs.index(ballot.a), slugs.index(ballot.b), outcome_named(ballot.winner))
    expected = dict(zip(slugs, fit(tally).ratings(), strict=True))
    shown = {row["slug"]: row["rating"] for row in board()["standings"]}
    assert np.allclose([shown[slug] for slug in slugs], [expected[slug] for slug in slugs], atol=1e-9)
    assert board()["votes"] == 60


def test_positions_are_gap_free_and_given_once(contest):
    for _ in range(3):
        cast(contest, "alder", "birch", "a")
    assert sweep(contest.gate_id) == 3
    before = list(Vote.objects.order_by("id").values_list("id", "position"))
    cast(contest, "alder", "birch", "b")
    assert sweep(contest.gate_id) == 4
    assert list(Vote.objects.order_by("id").values_list("id", "position"))[:3] == before
    assert sorted(Vote.objects.values_list("position", flat=True)) == [1, 2, 3, 4]


def test_a_vote_that_committed_late_is_not_skipped(contest):
    """Its id is smaller than those already folded: a watermark by id would lose it."""
    late, early = cast(contest, "alder", "birch", "a"), cast(contest, "alder", "birch", "b")
    hidden = Vote.objects.get(id=late.id)
    Vote.objects.filter(id=late.id).delete()
    fold(contest)
    assert board()["votes"] == 1
    hidden.save(force_insert=True)
    assert hidden.id < early.id
    fold(contest)
    assert board()["votes"] == 2
    assert Vote.objects.get(id=late.id).position == 2


def test_a_fold_without_news_makes_no_board(contest):
    cast(contest, "alder", "birch", "a")
    fold_open_rounds()
    fold_open_rounds()
    assert fold(contest) is None
    assert Board.objects.count() == 2


def test_votes_beyond_the_cap_have_a_position_and_no_weight(contest):
    cast(contest, "alder", "birch", "a")
    cast(contest, "alder", "birch", "a", counted=False)
    fold(contest)
    assert board()["votes"] == 1
    assert [ballot.weight for ballot in ballots(contest.gate)] == [1, 0]


def test_folds_at_once_count_each_vote_once(contest):
    for _ in range(30):
        cast(contest, "alder", "birch", "a")

    def work():
        fold(contest)
        connection.close()

    folds = [threading.Thread(target=work) for _ in range(4)]
    for thread in folds:
        thread.start()
    for thread in folds:
        thread.join()
    assert board()["votes"] == 30
    assert Board.objects.count() == 2


def test_a_ballot_tells_a_pseudonym_and_no_person(contest):
    vote = cast(contest, "alder", "birch", "tie")
    fold(contest)
    (ballot,) = ballots(contest.gate)
    assert str(vote.voter_id) not in json.dumps(ballot.voter)
    assert len(ballot.voter) == 16
    assert (ballot.a, ballot.b, ballot.winner, ballot.position) == ("alder", "birch", "tie", 1)


def test_entries_not_joined_by_votes_have_no_rank_and_there_is_no_line(contest):
    cast(contest, "alder", "birch", "a")
    cast(contest, "alder", "birch", "a")
    fold(contest)
    shown = board()
    ranks = {row["slug"]: row["rank"] for row in shown["standings"]}
    assert ranks == {"alder": 1, "birch": 2, "cedar": None, "dogwood": None}
    assert shown["round"]["line"] is None
    assert {row["status"] for row in shown["standings"]} == {"provisional"}


def test_the_line_lies_between_the_last_to_stay_and_the_first_to_go(contest):
    cast_ladder(contest)
    fold(contest)
    shown = board()
    third, fourth = shown["standings"][2:]
    assert shown["round"]["line"] == pytest.approx((third["rating"] + fourth["rating"]) / 2)
    assert shown["standings"][0]["status"] == "safe"
    assert fourth["status"] == "in_danger"


def cast_ladder(contest):
    """Alder before birch before cedar before dogwood, of whom nobody wins every time."""
    for first, second in (("alder", "birch"), ("birch", "cedar"), ("cedar", "dogwood")):
        for _ in range(30):
            cast(contest, first, second, "a")
        for _ in range(6):
            cast(contest, first, second, "b")


def test_who_never_lost_is_provisional_however_many_the_votes(contest):
    cast_ladder(contest)
    Vote.objects.filter(winner="b", battle__entry_a__slug="alder").update(winner="a")
    fold(contest)
    statuses = {row["slug"]: row["status"] for row in board()["standings"]}
    assert statuses["alder"] == "provisional"


def test_ranks_come_with_those_the_votes_leave_open(contest):
    cast_ladder(contest)
    cast(contest, "alder", "dogwood", "tie")
    fold(contest)
    rows = board()["standings"]
    assert all(1 <= row["rank_low"] <= row["rank"] <= row["rank_high"] <= 4 for row in rows)
    assert rows[0]["rank_high"] < 4


def test_the_chances_to_go_out_add_up_to_the_cut_until_it_is_made(visitor, contest):
    cast_ladder(contest)
    fold(contest)
    chances = [row["p_cut"] for row in visitor.http.get("/api/v1/board").json()["standings"]]
    assert sum(chances) == pytest.approx(1)
    assert chances == sorted(chances)
    close_round(contest)
    assert {row["p_cut"] for row in board("round-1")["standings"]} == {None}


def test_one_persons_many_votes_say_less_than_those_of_many(contest):
    heavy = Voter.objects.create()
    for voter in (heavy, *(None for _ in range(4))):
        cast(contest, "alder", "birch", "a", voter=voter)
    for first, second in (("birch", "cedar"), ("cedar", "dogwood"), ("dogwood", "alder"), ("alder", "birch")) * 3:
        cast(contest, first, second, "a", voter=heavy)
        cast(contest, first, second, "b")
        fold(contest)
    slugs = Folded.objects.get().slugs
    found = list(ballots(contest.gate))
    place, voters = {slug: i for i, slug in enumerate(slugs)}, {ballot.voter: i for i, ballot in enumerate(found)}
    votes = Ballots.from_arrays(
        [place[ballot.a] for ballot in found],
        [place[ballot.b] for ballot in found],
        [outcome_named(ballot.winner) for ballot in found],
        players=4,
        voter=[voters[ballot.voter] for ballot in found],
    )
    low, high = fit(votes, intervals="cautious").intervals()
    shown = board()
    assert shown["parameters"]["intervals"] == "cautious"
    for row in shown["standings"]:
        assert (row["low"], row["high"]) == pytest.approx((low[place[row["slug"]]], high[place[row["slug"]]]), abs=1e-6)


def test_a_round_of_very_many_takes_each_vote_for_itself(contest, monkeypatch):
    monkeypatch.setattr("leaderboard.counting.MOST_CLUSTERED", 3)
    Folded.objects.update(state=b"")
    cast_ladder(contest)
    fold(contest)
    assert board()["parameters"]["intervals"] == "sandwich"


@pytest.mark.parametrize("most_clustered", [3, 32])
def test_what_a_fold_goes_on_from_is_made_again_from_the_votes(contest, monkeypatch, most_clustered):
    monkeypatch.setattr("leaderboard.counting.MOST_CLUSTERED", most_clustered)
    Folded.objects.update(state=b"")
    cast_ladder(contest)
    fold(contest)
    cast(contest, "alder", "dogwood", "a")
    fold(contest)
    before = board()["standings"]
    # An upgrade drops what an older release kept in another form.
    Folded.objects.update(state=b"")
    fold(contest, anyway=True)
    for row, was in zip(board()["standings"], before, strict=True):
        assert row == {key: pytest.approx(value) if isinstance(value, float) else value for key, value in was.items()}


def test_many_votes_are_folded_in_portions(contest, monkeypatch):
    cast_ladder(contest)
    fold(contest)
    whole = board()
    Folded.objects.update(state=b"", position=0)
    monkeypatch.setattr("leaderboard.fold.AT_ONCE", 7)
    fold(contest)
    again = board()
    assert (again["votes"], again["number"]) == (whole["votes"], whole["number"] + 1)
    assert [row["rating"] for row in again["standings"]] == pytest.approx([row["rating"] for row in whole["standings"]])


def test_history_has_a_point_a_board_and_is_thinned(visitor, contest, monkeypatch):
    for _ in range(30):
        cast(contest, "alder", "birch", "a")
        fold(contest)
    answer = visitor.http.get("/api/v1/entries/alder/history").json()
    assert [point["number"] for point in answer["points"]] == list(range(1, 32))
    monkeypatch.setattr("leaderboard.boards.HISTORY_POINTS", 10)
    numbers = [point["number"] for point in history("alder")["points"]]
    assert (numbers[0], numbers[-1]) == (1, 31)
    assert len(numbers) <= 11


def test_unknown_boards_and_entries_are_refused(visitor):
    for path, code in (
        ("/api/v1/board?series=%00", "no_such_series"),
        ("/api/v1/board?series=" + "x" * 5000, "no_such_series"),
        ("/api/v1/entries/%00/history", "no_such_entry"),
        ("/api/v1/entries/alder/history?series=%00", "no_such_entry"),
        ("/api/v1/board?series=nope", "no_such_series"),
        ("/api/v1/entries/nope/history", "no_such_entry"),
    ):
        answer = visitor.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    with visitor.socket("/ws/board?series=nope") as socket:
        assert receive(socket)["code"] == "no_such_series"


def test_a_board_that_has_not_changed_is_not_sent_again(visitor, contest):
    first = visitor.http.get("/api/v1/board")
    assert first.headers["Cache-Control"] == "public, max-age=1"
    again = visitor.http.get("/api/v1/board", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    cast(contest, "alder", "birch", "a")
    fold(contest)
    assert visitor.http.get("/api/v1/board", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert "ETag" not in visitor.http.get("/api/v1/board?series=nope").headers


def test_who_has_the_board_costs_no_board(client, contest, django_assert_num_queries):
    first = client.get("/api/v1/board")
    with django_assert_num_queries(2):
        again = client.get("/api/v1/board", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_a_board_is_sent_again_when_its_round_has_a_next_one(client, contest):
    for first, second in (("alder", "birch"), ("birch", "cedar"), ("cedar", "dogwood")) * 2:
        cast(contest, first, second, "a")
    close_round(contest)
    closed = client.get("/api/v1/board?series=round-1")
    open_following_round(contest)
    again = client.get("/api/v1/board?series=round-1", headers={"If-None-Match": closed["ETag"]})
    assert again.status_code == 200
    assert again.json()["round"]["next"] == "round-2"


def test_the_api_describes_itself(visitor):
    description = visitor.http.get("/api/v1/openapi.json").json()
    assert set(description["paths"]) == {
        "/api/v1/board",
        "/api/v1/boards",
        "/api/v1/boards/{number}",
        "/api/v1/calls",
        "/api/v1/calls/{number}",
        "/api/v1/entries",
        "/api/v1/entries/{slug}",
        "/api/v1/entries/{slug}/history",
        "/api/v1/lists",
        "/api/v1/lists/{day}",
        "/api/v1/log",
        "/api/v1/rounds",
        "/api/v1/rounds/{key}",
        "/api/v1/rounds/{key}/files",
        "/api/v1/rulebooks/{digest}",
        "/api/v1/rounds/{key}/appeals",
        "/api/v1/rounds/{key}/days",
        "/api/v1/rounds/{key}/decision",
        "/api/v1/rounds/{key}/exposure",
        "/api/v1/rounds/{key}/ranks",
        "/api/v1/rounds/{key}/rulebook",
        "/api/v1/rounds/{key}/scores",
        "/api/v1/rounds/{key}/win-rates",
        "/api/v1/team/entries",
        "/api/v1/team/workers",
        "/api/v1/team/workers/{number}/drain",
        "/api/v1/team/workers/{number}/heartbeat",
        "/api/v1/team/workers/{number}/resume",
    }


def test_a_board_that_cannot_be_announced_is_still_a_board(contest, settings, caplog):
    dead = "redis://127.0.0.1:9"
    settings.REDIS_URL = dead
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [dead]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    cast(contest, "alder", "birch", "a")
    assert fold(contest).number == 2
    assert "could not be announced" in caplog.text
    assert board()["votes"] == 1


def test_the_list_of_boards_is_one_query_however_long(contest, django_assert_num_queries):
    for number in range(5):
        Series.objects.create(slug=f"import-{number}", title="Elsewhere")
    with django_assert_num_queries(2):
        slugs = [series["slug"] for series in all_series()]
    assert slugs[0] == "round-1"
    assert len(slugs) == 6


def test_a_hub_forgets_a_board_nobody_watches(visitor, contest):
    with visitor.socket("/ws/board") as socket:
        receive(socket)
        (hub,) = broadcast._hubs.values()
        assert set(hub.watchers) == {"round-1"}
    wait_until(lambda: not hub.watchers and not hub.shown)


def test_a_void_battle_weighs_nothing(visitor, contest):
    visitor.start().ask("!empty")
    assert Turn.objects.get().state == "void"
    fold_open_rounds()
    assert board()["votes"] == 0


def test_an_outsider_recomputes_an_exported_board_from_its_files_alone(contest, tmp_path, capsys):
    cast_ladder(contest)
    cast(contest, "alder", "dogwood", "a", counted=False)
    fold(contest)
    export_round(contest, tmp_path)
    arguments = ["fit", str(tmp_path / "ballots.jsonl.gz"), "--config", str(tmp_path / "board.json"), "--json"]
    assert rating_command(arguments) == 0
    players = {player["name"]: player for player in json.loads(capsys.readouterr().out)["players"]}
    shown = board()
    assert len(players) == len(shown["standings"])
    for row in shown["standings"]:
        for field in ("rating", "low", "high", "rank", "rank_low", "rank_high", "votes", "p_cut"):
            assert players[row["slug"]][field] == pytest.approx(row[field], abs=1e-6)


def test_a_board_says_how_sure_its_line_is_until_the_round_is_closed(visitor, contest):
    cast(contest, "alder", "birch", "a")
    fold(contest)
    assert board()["round"]["outlook"] is None
    cast_ladder(contest)
    fold(contest)
    outlook = visitor.http.get("/api/v1/board").json()["round"]["outlook"]
    assert outlook["sure"] is False
    assert outlook["votes_needed"]["low"] > 0
    assert 0 < outlook["votes_to_flip"] < 110
    for _ in range(9):
        cast_ladder(contest)
    fold(contest)
    assert board()["round"]["outlook"] == {
        "sure": True,
        "votes_needed": None,
        "votes_to_flip": pytest.approx(300, 0.9),
        "voters_to_flip": None,
    }
    close_round(contest)
    assert board("round-1")["round"]["outlook"] is None


def test_a_page_names_those_whom_the_votes_place_on_neither_side_of_the_line(client, contest):
    for first, second in (("alder", "birch"), ("birch", "cedar"), ("cedar", "dogwood")):
        for winner in "a" * 20 + "b" * 16:
            cast(contest, first, second, winner)
    fold(contest)
    tied = [row["name"] for row in board()["standings"] if row["status"] == "at_risk"]
    assert len(tied) > 1
    page = client.get("/board", headers={"accept-language": "en"}).content.decode()
    assert f"Tied at the line: {', '.join(tied)}." in page


def test_a_page_says_how_many_votes_the_line_still_needs(client, contest):
    cast_ladder(contest)
    fold(contest)
    page = client.get("/board", headers={"accept-language": "en"}).content.decode()
    assert "The line is not sure yet." in page
    assert "of the votes somebody else would go out." in page
    assert (
        "탈락선이 아직 확실하지 않습니다." in client.get("/board", headers={"accept-language": "ko"}).content.decode()
    )
