"""The command an outsider runs on files of ballots."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rating import Anchor, Settings, fit, parameters, read_votes, standings
from tests.rating.test_ballot_files import BALLOTS, GOOD, written

REPOSITORY = Path(__file__).resolve().parents[2]
PLAYER = {
    *("name", "rating", "se", "low", "high", "rank", "rank_low", "rank_high", "rank_ub", "votes", "provisional"),
    *("p_cut", "percent", "percent_low", "percent_high"),
}
APART = "a,b,winner\nx,y,a\ny,x,a\nv,w,a\nw,v,tie\n"
UNDEFEATED = "left,right,winner\n" + "best,x,left\n" * 20 + "x,y,left\ny,x,left\n" * 20


def rating_command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "rating", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


RANKED = ("rank", "rank_low", "rank_high", "rank_ub", "p_cut")


def test_the_command_prints_the_board_best_first(tmp_path):
    done = rating_command("fit", written(tmp_path, "votes.jsonl", BALLOTS))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["rank", "name", "rating", "low", "high", "ranks", "votes"]
    assert [line.split()[:2] for line in lines[1:4]] == [["1", "zebra"], ["2", "개미"], ["3", "ant"]]
    assert lines[4].startswith("* provisional: fewer than 30 votes")
    assert lines[5].startswith("4 votes, log-likelihood per vote -0.")


def test_the_command_prints_json_that_says_the_same(board_of_129, board):
    content = board(board_of_129, "--both-bad", "drop", "--prior", "0")
    assert {"log_likelihood_per_vote", "votes", "players", "parameters"} <= set(content)
    assert content["votes"] == 1_374_996
    assert content["log_likelihood_per_vote"] == pytest.approx(-0.655411, abs=1e-6)
    first = content["players"][0]
    assert set(first) == PLAYER
    assert (first["name"], first["rank"], first["p_cut"]) == ("chatgpt-4o-latest", 1, None)
    assert first["low"] < first["rating"] < first["high"]
    for player in content["players"]:
        assert player["rank_low"] <= player["rank"] <= player["rank_high"]
        assert player["rank_ub"] <= player["rank_high"]
        assert type(player["votes"]) is int
    assert [player["rank"] for player in content["players"]] == list(range(1, 130))


@pytest.mark.parametrize(("ties", "published"), [("davidson", -1.010007), ("rao-kupper", -1.009483)])
def test_models_of_ties_reach_their_published_likelihoods(board_of_129, board, ties, published):
    content = board(board_of_129, "--ties", ties, "--both-bad", "drop", "--prior", "0")
    assert content["log_likelihood_per_vote"] == pytest.approx(published, abs=1e-6)
    assert content["parameters"]["ties"] == ties
    assert content["tie"] > 0


def test_workers_are_the_voters_of_llmfao(published, board):
    by_worker = board(published / "llmfao.csv", "--voter-column", "worker", "--intervals", "cluster")
    by_vote = board(published / "llmfao.csv", "--intervals", "sandwich")
    assert (by_worker["votes"], by_worker["voters"], len(by_worker["players"])) == (8931, 124, 59)
    assert by_worker["parameters"]["intervals"] == "cluster"
    wider = [a["se"] / b["se"] for a, b in zip(by_worker["players"], by_vote["players"], strict=True)]
    assert float(np.median(wider)) == pytest.approx(1.12, abs=0.005)
    assert max(wider) == pytest.approx(3.85, abs=0.01)


def test_an_undefeated_player_gets_a_wide_provisional_rating(tmp_path, run, board):
    file = written(tmp_path, "votes.csv", UNDEFEATED)
    best, *others = board(file, "--minimum-votes", "10")["players"]
    assert (best["name"], best["provisional"], best["rank_high"]) == ("best", True, 3)
    assert best["se"] > 1.5 * max(other["se"] for other in others)
    assert [other["provisional"] for other in others] == [False, False]
    assert all(player["provisional"] for player in board(file, "--minimum-votes", "61")["players"])
    _, said, _ = run("fit", file, "--minimum-votes", "10.5")
    assert [line.endswith("*") for line in said.splitlines()] == [False, True, False, False, False, False]
    assert "fewer than 10.5 votes" in said


def test_groups_that_never_met_are_refused_by_name_or_rated_each_alone(tmp_path, run, board):
    file = written(tmp_path, "votes.csv", APART)
    assert run("fit", file) == (
        2,
        "",
        "rating: 2 groups of players never met and cannot be compared: v, w | x, y; --each-group rates each alone\n",
    )
    both = board(file, "--each-group")
    assert [[player["name"] for player in group["players"]] for group in both["groups"]] == [["v", "w"], ["x", "y"]]
    assert [group["votes"] for group in both["groups"]] == [2, 2]
    status, said, _ = run("fit", file, "--each-group", "--anchor", "x=1200")
    assert status == 0
    first, second = said.split("\n\n")
    assert [line.split()[:2] for line in first.splitlines()[1:3]] == [["1", "v"], ["2", "w"]]
    assert [line.split()[:3] for line in second.splitlines()[1:3]] == [["1", "x", "1200.0"], ["2", "y", "1200.0"]]


def test_groups_keep_their_voters_and_weights(tmp_path, board):
    rows = "x,y,a,p,2\ny,x,a,q,0.5\nv,w,a,p,1\nw,v,a,r,1\nv,w,tie,s,3\n"
    file = written(tmp_path, "votes.csv", f"a,b,winner,voter,weight\n{rows}")
    groups = board(file, "--each-group")["groups"]
    assert [(group["votes"], group["voters"]) for group in groups] == [(5, 3), (2.5, 2)]


def test_a_group_of_counts_is_rated_alone(tmp_path, board):
    text = '{"models": ["x", "y", "alone"], "X": [[0, 1]], "Y": [[2, 1, 0, 1]]}'
    pair, alone = board(written(tmp_path, "v.json", text), "--each-group")["groups"]
    assert [player["name"] for player in pair["players"]] == ["x", "y"]
    assert pair["voters"] is None
    assert (alone["votes"], alone["players"][0]["provisional"]) == (0, True)


def test_a_long_list_of_groups_is_shortened(tmp_path, run):
    text = "a,b,winner\n" + "".join(f"hub,p{i},tie\nq{i},r{i},tie\n" for i in range(9))
    _, _, wrong = run("fit", written(tmp_path, "v.csv", text))
    assert "10 groups" in wrong
    assert "hub, p0, p1, p2, … 6 more | q0, r0 | q1, r1 | q2, r2 | … 6 more;" in wrong


def test_dropped_ties_join_nobody(tmp_path, run, board):
    file = written(tmp_path, "v.csv", "a,b,winner\nx,y,a\ny,x,a\ny,z,tie\n")
    assert board(file)["votes"] == 3
    assert "x, y | z" in run("fit", file, "--ties", "drop")[2]


WEIGHED = "a,b,winner,n,who\nx,y,a,2.5,p\ny,x,a,0.5,q\ny,x,tie,0,r\nx,y,tie,1,q\n"


def test_weights_count_as_so_many_votes(tmp_path, board):
    file = written(tmp_path, "v.csv", WEIGHED)
    content = board(file, "--weight-column", "n", "--intervals", "fisher")
    assert content["votes"] == 4
    assert content["players"][0]["name"] == "x"
    doubled = written(tmp_path, "d.csv", "a,b,winner\n" + "x,y,a\n" * 5 + "y,x,a\n" + "x,y,tie\n" * 2)
    expected = board(doubled, "--intervals", "fisher", "--prior", "1")
    halved = board(file, "--weight-column", "n", "--intervals", "fisher", "--prior", "0.5")
    # Half of all votes and of the prior: the same ratings, errors √2 times as wide.
    for ours, theirs in zip(halved["players"], expected["players"], strict=True):
        assert ours["rating"] == pytest.approx(theirs["rating"], abs=1e-9)
        assert ours["se"] == pytest.approx(theirs["se"] * 2**0.5, rel=1e-9)
    assert board(written(tmp_path, "e.csv", WEIGHED.replace("2.5", "2.25")), "--weight-column", "n")["votes"] == 3.75


def test_one_voter_is_no_cluster_unless_asked_for(tmp_path, run, board):
    file = written(tmp_path, "v.csv", "a,b,winner,voter\nx,y,a,p\ny,x,a,p\n")
    content = board(file)
    assert (content["voters"], content["parameters"]["intervals"]) == (1, "sandwich")
    assert "two are needed" in run("fit", file, "--intervals", "cluster")[2]


def test_a_bootstrap_of_the_same_votes_is_the_same(tmp_path, board):
    file = written(tmp_path, "votes.csv", UNDEFEATED)
    resampled = board(file, "--intervals", "bootstrap")
    assert resampled == board(file, "--intervals", "bootstrap")
    assert resampled["parameters"]["intervals"] == "bootstrap"


def test_the_bootstrap_agrees_with_the_sandwich(tmp_path, published, board):
    with (published / "llmfao.csv").open(encoding="utf-8", newline="") as rows:
        votes = [",".join([row["left"], row["right"], row["winner"]]) for row in csv.DictReader(rows)]
    file = written(tmp_path, "votes.csv", "\n".join(["left,right,winner", *votes]))
    ours = {player["name"]: player["se"] for player in board(file)["players"]}
    resampled = board(file, "--intervals", "bootstrap")
    ratios = [player["se"] / ours[player["name"]] for player in resampled["players"]]
    assert float(np.median(ratios)) == pytest.approx(1, abs=0.02)
    by_voter = board(published / "llmfao.csv", "--voter-column", "worker", "--intervals", "bootstrap")
    assert max(player["se"] / ours[player["name"]] for player in by_voter["players"]) > 3


def test_nats_and_elo_points_say_the_same(tmp_path, board):
    file = written(tmp_path, "votes.csv", UNDEFEATED)
    elo, nats = board(file)["players"], board(file, "--scale", "nats")["players"]
    for ours, theirs in zip(elo, nats, strict=True):
        for key in ("low", "rating", "high"):
            assert ours[key] == pytest.approx(1000 + 400 / np.log(10) * theirs[key])
        assert {key: ours[key] for key in ours if key.startswith("rank")} == {
            key: theirs[key] for key in theirs if key.startswith("rank")
        }


def test_an_anchor_fixes_a_rating_in_the_unit_of_the_scale(tmp_path, run, board):
    file = written(tmp_path, "v.csv", "a,b,winner\na=b,x,a\nx,a=b,a\nx,a=b,a\n")
    free = board(file)["players"]
    top, anchored = board(file, "--anchor", "a=b=-12.5", "--scale", "nats")["players"]
    assert (anchored["name"], anchored["rating"], anchored["se"]) == ("a=b", -12.5, 0)
    assert top["rating"] + 12.5 == pytest.approx((free[0]["rating"] - free[1]["rating"]) * np.log(10) / 400)
    assert "there is no player 'z' to be the anchor at 3" in run("fit", file, "--anchor", "z=3")[2]
    assert "there is no player 'z' to be the anchor" in run("fit", file, "--anchor", "z=3", "--each-group")[2]


def test_a_cut_adds_probabilities_that_make_its_size(published, run, board):
    content = board(published / "llmfao.csv", "--below", "9")
    chances = [player["p_cut"] for player in content["players"]]
    assert sum(chances) == pytest.approx(9)
    assert chances[0] < 0.01
    assert chances[-1] > 0.5
    _, said, _ = run("fit", published / "llmfao.csv", "--below", "9")
    assert "P(cut)" in said.splitlines()[0]
    assert "must be below at least 1 and at most 58" in run("fit", published / "llmfao.csv", "--below", "59")[2]


LADDER = "a,b,winner,voter\n" + "".join(
    f"{first},{second},{'b' if n % 4 == 3 else 'a'},v{n}\n"
    for first, second in (("top", "up"), ("up", "mid"), ("mid", "low"), ("low", "last"))
    for n in range(60)
)


def test_the_unranked_are_rated_and_the_cut_is_not_about_them(tmp_path, run, board):
    file = written(tmp_path, "v.csv", LADDER)
    every = board(file, "--below", "1")
    some = board(file, "--below", "1", "--unranked", "up", "--unranked", "last")
    assert [player["name"] for player in some["players"]] == ["top", "mid", "low", "up", "last"]
    assert [player["rank"] for player in some["players"]] == [1, 2, 3, None, None]
    before = {player["name"]: player for player in every["players"]}
    for player in some["players"]:
        assert {**player, **dict.fromkeys(RANKED)} == {**before[player["name"]], **dict.fromkeys(RANKED)}
    last = some["players"][2]
    assert (last["rank_low"], last["rank_high"]) == (3, 3)
    assert last["p_cut"] == max(player["p_cut"] for player in some["players"][:3])
    assert all(player[field] is None for player in some["players"][3:] for field in RANKED)
    assert some["lock"]["pair"]["below"] == "low"
    assert {*some["lock"]["safe"], *some["lock"]["out"], *some["lock"]["open"]} == {"top", "mid", "low"}
    lines = run("fit", file, "--below", "1", "--unranked", "up")[1].splitlines()
    assert [line.split()[:2] for line in lines[1:6]] == [
        *(["1", "top"], ["2", "mid"], ["3", "low"], ["4", "last"], ["-", "up"]),
    ]


def test_strength_is_given_in_percent_of_a_reference(tmp_path, run, board):
    file = written(tmp_path, "v.csv", LADDER)
    settings = ("--reference", "top", "--unranked", "top")
    up, *others, top = board(file, *settings)["players"]
    assert (top["percent"], top["percent_low"], top["percent_high"]) == (100, 100, 100)
    assert up["percent_low"] < up["percent"] < up["percent_high"] < 100
    assert up["percent"] == pytest.approx(50, abs=1)
    assert [player["percent"] for player in others] == sorted((p["percent"] for p in others), reverse=True)
    assert "% of top" in run("fit", file, *settings)[1].splitlines()[0]
    config = written(tmp_path, "board.json", json.dumps(board(file, *settings)))
    assert board(file, "--config", config) == board(file, *settings)


def test_what_is_said_of_a_player_is_said_in_its_group(tmp_path, run, board):
    file = written(tmp_path, "votes.csv", APART)
    first, second = board(file, "--each-group", "--unranked", "v", "--reference", "x")["groups"]
    assert [(player["name"], player["rank"], player["percent"]) for player in first["players"]] == [
        *(("w", 1, None), ("v", None, None)),
    ]
    assert [player["name"] for player in second["players"] if player["percent"] == 100] == ["x", "y"]
    for arguments, why in (
        (("--unranked", "z"), "no player 'z' to be unranked"),
        (("--reference", "z"), "no player 'z' to be the reference"),
        (("--unranked", "v", "--unranked", "w"), "nobody is left to be ranked"),
    ):
        assert why in run("fit", file, "--each-group", *arguments)[2]


def exported(folder: Path, **given: object) -> Path:
    return written(folder, "board.json", json.dumps({"standings": [], "parameters": given}))


def test_an_exported_board_is_refitted_under_its_own_parameters(tmp_path, published, run, board):
    file = published / "llmfao.csv"
    first = board(file, "--ties", "davidson", "--prior", "2", "--scale", "nats", "--anchor", "Koala (13B)=1")
    anchor = Anchor("Koala (13B)", 1.0)
    assert first["parameters"] == parameters(Settings(2.0, "davidson", "half", "cautious", "nats", anchor))
    assert first["parameters"]["anchor"] == {"name": "Koala (13B)", "value": 1.0}
    again = board(file, "--config", written(tmp_path, "board.json", json.dumps(first)))
    assert again == first
    other = board(file, "--config", tmp_path / "board.json", "--prior", "0", "--ties", "half")
    assert (other["parameters"]["prior"], other["parameters"]["ties"]) == (0, "half")
    assert other["parameters"]["scale"] == "nats"


def test_a_board_without_parameters_was_made_as_usual(tmp_path, board):
    file = written(tmp_path, "votes.csv", UNDEFEATED)
    old = written(tmp_path, "board.json", '{"standings": []}')
    assert board(file, "--config", old) == board(file)
    assert board(file)["parameters"] == parameters() | {"intervals": "sandwich"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("[]", "board.json: not a JSON object"),
        ("{", "board.json: not JSON"),
        ("{}", 'board.json: no exported board: there are no "parameters"'),
        ('{"parameters": 1}', "no exported board"),
        ('{"parameters": {"priors": 1}}', "there is no parameter 'priors'"),
        ('{"parameters": {"prior": "1"}}', "the prior must be a number of 0 or more, not '1'"),
        ('{"parameters": {"prior": true}}', "the prior must be a number"),
        ('{"parameters": {"prior": NaN}}', "the prior must be a number"),
        ('{"parameters": {"ties": []}}', "the ties must be one of half, drop, davidson, rao-kupper, not []"),
        ('{"parameters": {"below": 1.5}}', "the number below must be a whole number of 1 or more, not 1.5"),
        ('{"parameters": {"voter_column": 1}}', "the voter column must be a name, not 1"),
        ('{"parameters": {"reference": 1}}', "the reference must be a name, not 1"),
        ('{"parameters": {"unranked": "x"}}', "the unranked must be a list of names, not 'x'"),
        ('{"parameters": {"unranked": [1]}}', "the unranked must be a list of names, not (1,)"),
        ('{"parameters": {"anchor": 1}}', "an anchor has a name and a value, not 1"),
        ('{"parameters": {"anchor": {"name": "x"}}}', "an anchor has a name and a value, not {'name': 'x'}"),
        ('{"parameters": {"anchor": {"name": "x", "value": "y"}}}', "an anchor must be a number, not 'y'"),
    ],
)
def test_a_config_that_is_no_board_is_refused(tmp_path, run, content, why):
    file = written(tmp_path, "votes.csv", UNDEFEATED)
    status, said, wrong = run("fit", file, "--config", written(tmp_path, "board.json", content))
    assert (status, said) == (2, "")
    assert why in wrong
    assert wrong.count("\n") == 1


def test_a_config_that_is_no_text_is_refused(tmp_path, run):
    (tmp_path / "board.json").write_bytes(b"\xff")
    assert "not UTF-8" in run("fit", written(tmp_path, "v.csv", APART), "--config", tmp_path / "board.json")[2]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["rate"], "invalid choice: 'rate'"),
        (["fit"], "the following arguments are required: FILE"),
        (["fit", "v.csv", "--ties", "third"], "argument --ties: invalid choice: 'third'"),
        (["fit", "v.csv", "--prior", "much"], "argument --prior: invalid float value: 'much'"),
        (["fit", "v.csv", "--prior", "nan"], "the prior must be a number of 0 or more, not nan"),
        (["fit", "v.csv", "--prior", "-1"], "the prior must be a number of 0 or more, not -1.0"),
        (["fit", "v.csv", "--minimum-votes", "-1"], "the minimum votes must be"),
        (["fit", "v.csv", "--planned-votes", "nan"], "the planned votes must be a number, not nan"),
        (["fit", "v.csv", "--planned-votes", "90"], "--below says how many fall"),
        (["fit", "v.csv", "--below", "0"], "the number below must be a whole number of 1 or more, not 0"),
        (["fit", "v.csv", "--below", "1", "--each-group"], "--below and --each-group do not go together"),
        (["fit", "v.csv", "--anchor", "x"], "argument --anchor: 'x' is not NAME=VALUE"),
        (["fit", "v.csv", "--anchor", "=1"], "argument --anchor: '=1' is not NAME=VALUE"),
        (["fit", "v.csv", "--anchor", "x=1,5"], "argument --anchor: 'x=1,5' is not NAME=VALUE"),
        (["fit", "v.csv", "--anchor", "x=inf"], "an anchor must be a number, not inf"),
        (["fit", "v.csv", "--js"], "unrecognized arguments: --js"),
        (["fit", "v.csv", "--voter-column", "who"], "v.csv, row 1: the header names no column 'who'"),
        (["fit", "v.csv", "--weight-column", "a"], "v.csv, row 2: the weight is 'x', not a number of 0 or more"),
        (["fit", "v.csv", "--intervals", "cluster"], "clustering by voter needs votes that say who cast them"),
        (["fit", "v.csv", "--prior", "0"], "use a prior above 0"),
        (["fit", "missing.csv"], "No such file"),
        (["fit", "."], "the name ends in none of"),
        (["fit", "empty.jsonl"], "empty.jsonl: it holds no votes, and so no players to rate"),
        (["fit", "bad.jsonl"], "bad.jsonl, row 2: not JSON"),
        (["plot", "v.csv"], "the following arguments are required: -o/--output"),
        (
            ["plot", "v.csv", "-o", "board.gif"],
            "a picture's name ends in one of .svg, .pdf, .png, not as in 'board.gif'",
        ),
        (["plot", "v.csv", "-o", "no/such/folder/board.svg"], "No such file"),
    ],
)
def test_the_command_says_what_is_wrong_in_one_line_and_fails(tmp_path, monkeypatch, run, arguments, why):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "v.csv", "a,b,winner\nx,y,a\n")
    written(tmp_path, "empty.jsonl", "")
    written(tmp_path, "bad.jsonl", GOOD + "{")
    status, said, wrong = run(*arguments)
    assert (status, said) == (2, "")
    assert why in wrong
    assert wrong.startswith("rating: ")
    assert wrong.count("\n") == 1


def test_a_fit_of_the_package_is_the_commands(tmp_path, board):
    names, votes = read_votes(written(tmp_path, "votes.csv", UNDEFEATED))
    content = board(tmp_path / "votes.csv")
    assert content == standings(names, votes) | {"parameters": content["parameters"]}
    fitted = fit(votes)
    assert [player["rating"] for player in content["players"]] == sorted(fitted.ratings().tolist(), reverse=True)
    assert [player["se"] for player in content["players"]] == pytest.approx(
        fitted.standard_errors()[np.argsort(fitted.ranks())].tolist()
    )


@pytest.mark.parametrize(
    ("weights", "arguments", "why"),
    [
        ("1,1,1e-300", ["--ties", "rao-kupper"], "ties weigh so little"),
        ("1e-300,1e-300,1", ["--ties", "davidson"], "all votes are ties"),
        (
            "1e15,1e15,1e-15",
            ["--voter-column", "n", "--intervals", "cautious"],
            "leave floating-point numbers no digits",
        ),
        ("1,1,1", ["--prior", "1e300"], "the prior must be a number of 0 or more, not 1e+300"),
    ],
)
def test_weights_too_far_apart_to_compute_with_are_refused(tmp_path, run, weights, arguments, why):
    a, b, tie = weights.split(",")
    file = written(tmp_path, "v.csv", f"a,b,winner,n\nx,y,a,{a}\nx,y,b,{b}\nx,y,tie,{tie}\n")
    status, said, wrong = run("fit", file, "--weight-column", "n", *arguments)
    assert (status, said) == (2, "")
    assert why in wrong


def test_a_cut_says_who_is_sure_and_what_is_still_needed(tmp_path, run, board):
    rows = "".join(f"{i},{i + 1},left\n" * 300 + f"{i + 1},{i},left\n" * 75 for i in range(3))
    file = written(tmp_path, "v.csv", f"left,right,winner\n{rows}")
    locked = board(file, "--below", "1", "--scale", "nats")["lock"]
    assert (locked["locked"], locked["safe"], locked["out"], locked["open"]) == (True, ["0", "1", "2"], ["3"], [])
    assert (locked["pair"]["below"], locked["pair"]["above"]) == ("3", "2")
    assert locked["pair"]["gap"] == pytest.approx(np.log(4), abs=0.1)
    assert locked["votes_needed"]["median"] == 0
    assert run("fit", file, "--below", "1")[1].splitlines()[-1].startswith("the cut is locked: 3 is surely below 2")
    assert board(file)["lock"] is None
    even = written(tmp_path, "even.csv", "left,right,winner\n" + "x,y,left\ny,x,left\n" * 50 + "x,y,left\n")
    held = board(even, "--below", "1", "--planned-votes", "120")["lock"]
    assert (held["locked"], held["open"]) == (False, ["x", "y"])
    assert held["votes_needed"] == {"low": None, "median": None, "high": None}
    open_cut = "the cut is open: y is not surely below x; "
    last = run("fit", even, "--below", "1", "--planned-votes", "120")[1].splitlines()[-1]
    assert last == f"{open_cut}how many more votes that takes cannot be said"
    last = run("fit", even, "--below", "1")[1].splitlines()[-1]
    assert re.fullmatch(rf"{open_cut}[0-9,]+ more votes or many more", last)
    clear = written(tmp_path, "clear.csv", "left,right,winner\n" + "x,y,left\ny,x,left\n" * 50 + "x,y,left\n" * 25)
    last = run("fit", clear, "--below", "1")[1].splitlines()[-1]
    assert re.fullmatch(rf"{open_cut}[0-9,]+ to [0-9,]+ more votes may show", last)
    assert "cannot hold the 125 that are counted" in run("fit", clear, "--below", "1", "--planned-votes", "9")[2]
