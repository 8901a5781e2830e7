"""Ratings against what others published for the same real votes."""

import csv
from pathlib import Path

import numpy as np
import pytest

from rating import Tally, elo, fit, read_ballots

SMALL = ["simple", "food", "llmfao"]

Board = tuple[tuple[str, ...], Tally]


def golden(folder: Path, name: str, algorithm: str) -> dict[str, float]:
    with (folder / f"{name}-golden.csv").open(newline="", encoding="utf-8") as file:
        return {row["item"]: float(row["score"]) for row in csv.DictReader(file) if row["algorithm"] == algorithm}


@pytest.mark.parametrize("name", SMALL)
def test_evalicas_bradley_terry_scores_are_ours(published: Path, name: str) -> None:
    names, tally = read_ballots(published / f"{name}.csv")
    scores = np.exp(fit(tally, prior=0).strengths)
    expected = golden(published, name, "bradley_terry")
    assert set(names) == set(expected)
    # evalica's scores are odds that sum to one.
    assert dict(zip(names, scores / scores.sum(), strict=True)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", SMALL)
def test_evalicas_elo_ratings_are_ours(published: Path, name: str) -> None:
    expected = golden(published, name, "elo")
    ids = {player: place for place, player in enumerate(expected)}
    with (published / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        votes = [(ids[row["left"]], ids[row["right"]], row["winner"]) for row in csv.DictReader(file)]
    first, second, words = zip(*votes, strict=True)
    outcomes = [("left", "right", "tie").index(word) for word in words]
    ratings = elo(first, second, outcomes, players=len(ids))
    assert dict(zip(ids, ratings, strict=True)) == pytest.approx(expected, rel=1e-9)


def test_the_real_board_of_129_has_the_published_likelihood(real_board: Board) -> None:
    _, tally = real_board
    half, dropped = fit(tally), fit(tally, both_bad="drop")
    assert (tally.players, tally.votes) == (129, 1_670_250)
    assert int(dropped.votes.sum()) // 2 == 1_374_996
    # leaderbot publishes .6554 with both-bad dropped.
    assert half.log_likelihood_per_vote == pytest.approx(-0.667482, abs=1e-6)
    assert dropped.log_likelihood_per_vote == pytest.approx(-0.655411, abs=1e-6)


def test_the_real_board_of_129_has_its_known_order_and_errors(real_board: Board) -> None:
    names, tally = real_board
    fitted = fit(tally)
    ranks = fitted.ranks().tolist()
    assert names[ranks.index(1)] == "chatgpt-4o-latest"
    assert names[ranks.index(129)] == "llama-13b"
    assert fitted.ratings().max() == pytest.approx(1203.9, abs=0.05)
    assert float(np.median(fitted.standard_errors())) == pytest.approx(2.38, abs=0.005)
    assert len(tally.components()) == 1
