"""Ballots that say what they were about and how their answers looked: the board of a category, and without style."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rating import Ballots, Settings, fit, fit_contextual, read_votes, standings, style_features
from rating.command import main
from rating.errors import BadFeatures, BadFile, BadSetting
from tests.rating.test_ballot_files import written

THINGS = ("length", "headers", "lists", "bold")


def ballot(rng, **said):
    """A vote for the longer answer more often than not."""
    first, second = rng.choice(["x", "y", "z"], 2, replace=False)
    length = rng.integers(1, 900, 2).tolist()
    winner = "a" if rng.random() < 0.5 + 0.4 * np.sign(length[0] - length[1]) else "b"
    style = {"length": length, "headers": rng.integers(0, 3, 2).tolist(), "lists": [2, 1], "bold": [0, 0]}
    known = {"voter": f"v{rng.integers(0, 40)}", "language": str(rng.choice(["ko", "en", "fr", "und"]))}
    return {"a": first, "b": second, "winner": winner, "weight": 1, **known, "categories": {}, "style": style} | said


@pytest.fixture
def ballots():
    rng = np.random.default_rng(11)
    some = [ballot(rng) for _ in range(400)]
    some += [ballot(rng, categories={"code": {"fence": 1}}) for _ in range(150)]
    some += [ballot(rng, categories={"code": {"words": 2}, "long": {"characters": 700}}, weight=0) for _ in range(9)]
    some += [ballot(rng, language=None, categories=None, style=None) for _ in range(50)]
    for one in some:
        if one["style"]:
            one["style"]["lists"] = rng.integers(0, 5, 2).tolist()
    return some


@pytest.fixture
def file(tmp_path, ballots):
    return written(tmp_path, "ballots.jsonl", "\n".join(map(json.dumps, ballots)))


def fit_of(ballots):
    place = {"x": 0, "y": 1, "z": 2}
    voters = {}
    columns = [(place[one["a"]], place[one["b"]], "ab".index(one["winner"]), one["voter"]) for one in ballots]
    first, second, outcome, voter = zip(*columns, strict=True)
    styles = np.array([[[one["style"][thing][side] for thing in THINGS] for side in (0, 1)] for one in ballots])
    return Ballots.from_arrays(
        first,
        second,
        outcome,
        players=3,
        voter=[voters.setdefault(one, len(voters)) for one in voter],
        features=style_features(styles[:, 0], styles[:, 1]),
    )


@pytest.mark.parametrize(
    ("category", "chosen"),
    [
        ("code", lambda one: one["categories"] and "code" in one["categories"]),
        ("ko", lambda one: one["language"] == "ko"),
        ("other", lambda one: one["language"] in ("fr", "und")),
    ],
)
def test_a_category_counts_its_own_votes_only(file, ballots, category, chosen):
    names, votes = read_votes(file, category=category)
    kept = [one for one in ballots if one["weight"] and chosen(one)]
    assert names == ("x", "y", "z")
    assert np.allclose(fit(votes).ratings(), fit(fit_of(kept)).ratings(), atol=1e-9)
    assert np.allclose(fit(votes).intervals(), fit(fit_of(kept)).intervals(), atol=1e-9)


def test_categories_may_be_a_list_of_words(tmp_path):
    lines = '{"a":"x","b":"y","winner":"a","categories":["code"]}\n{"a":"y","b":"x","winner":"a","categories":[]}'
    assert len(read_votes(written(tmp_path, "b.jsonl", lines), category="code")[1]) == 1


def test_the_board_without_style_is_that_of_the_contextual_fit(file, ballots):
    votes = fit_of([one for one in ballots if one["weight"] and one["style"]])
    made = fit_contextual(replace(votes, features=votes.features[:, :3]))  # no answer has bold words
    told = standings(*read_votes(file, style=True), Settings(style=True))
    ratings = {player["name"]: player["rating"] for player in told["players"]}
    assert np.allclose([ratings[name] for name in "xyz"], made.controlled.ratings(), atol=1e-6)
    assert [one["name"] for one in told["style"]] == ["length", "headers", "lists"]
    odds, low, high = made.odds()
    assert np.allclose(
        [[one[key] for key in ("odds", "low", "high")] for one in told["style"]], np.array([odds, low, high]).T
    )
    assert told["style"][0]["low"] > 1.5
    assert told["votes"] == 550


def test_the_command_rates_a_category_and_without_style_and_says_so(file, capsys, tmp_path):
    assert main(["fit", str(file), "--category", "code", "--style", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["parameters"]["category"], told["parameters"]["style"], told["votes"]) == ("code", True, 150)
    board = tmp_path / "board.json"
    board.write_text(json.dumps(told))
    assert main(["fit", str(file), "--config", str(board), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == told
    assert main(["fit", str(file), "--style"]) == 0
    assert "length: times " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"a":"x","b":"y","winner":"a"}', "there are no categories and no language"),
        ('{"a":"x","b":"y","winner":"a","language":3}', "the language is 3, not a word"),
        ('{"a":"x","b":"y","winner":"a","categories":"code"}', "the categories are 'code', not words"),
        ('{"a":"x","b":"y","winner":"a","categories":[1]}', r"the categories are \[1\], not words"),
        ('{"a":"x","b":"y","winner":"a","categories":[],"language":"ko"}', "no votes of this category"),
    ],
)
def test_a_ballot_without_a_category_is_named(tmp_path, line, why):
    with pytest.raises(BadFile, match=why):
        read_votes(written(tmp_path, "b.jsonl", line), category="code")


@pytest.mark.parametrize(
    "style", ["3", "{}", '{"length":[1,2],"headers":[0,0],"lists":[0,-1],"bold":[0,0]}', '{"length":1}']
)
def test_a_style_that_is_none_is_named(tmp_path, style):
    with pytest.raises(BadFile, match="not two amounts each of length, headers, lists, bold"):
        read_votes(written(tmp_path, "b.jsonl", f'{{"a":"x","b":"y","winner":"a","style":{style}}}'), style=True)


@pytest.mark.parametrize("asked", [{"category": "code"}, {"style": True}])
def test_other_files_have_no_labels(tmp_path, asked):
    with pytest.raises(BadFile, match=r"read from \.jsonl and \.ndjson only"):
        read_votes(written(tmp_path, "b.csv", "a,b,winner\nx,y,a\n"), **asked)


def test_what_style_control_cannot_do_is_refused():
    with pytest.raises(BadSetting, match="true or false"):
        Settings(style="yes")
    with pytest.raises(BadSetting, match="category"):
        Settings(category=3)
    for other in ({"ties": "davidson"}, {"intervals": "bootstrap"}):
        with pytest.raises(BadSetting, match="half a point"):
            Settings(style=True, **other)
    with pytest.raises(BadFeatures, match="how their answers looked"):
        standings("xy", Ballots.from_arrays([0, 1], [1, 0], [0, 0], players=2), Settings(style=True))
