"""What textbooks print, printed by the command."""

import json
import math

import numpy as np
import pytest
from scipy.optimize import minimize

from rating.command import main
from tests.rating.test_ballot_files import written

# American League, Eastern Division, 1987: 13 games a pair; home team, away team, won by each. Agresti (2002),
# Categorical Data Analysis, 2nd ed., table 10.10.
BASEBALL = """\
Milwaukee: Detroit 4 3, Toronto 4 2, New York 4 3, Boston 6 1, Cleveland 4 2, Baltimore 6 0
Detroit: Milwaukee 3 3, Toronto 4 2, New York 4 3, Boston 6 0, Cleveland 6 1, Baltimore 4 3
Toronto: Milwaukee 2 5, Detroit 4 3, New York 2 4, Boston 4 3, Cleveland 4 2, Baltimore 6 0
New York: Milwaukee 3 3, Detroit 5 1, Toronto 2 5, Boston 4 3, Cleveland 4 2, Baltimore 6 1
Boston: Milwaukee 5 1, Detroit 2 5, Toronto 3 3, New York 4 2, Cleveland 5 2, Baltimore 6 0
Cleveland: Milwaukee 2 5, Detroit 3 3, Toronto 3 4, New York 4 3, Boston 4 2, Baltimore 2 4
Baltimore: Milwaukee 2 5, Detroit 1 5, Toronto 1 6, New York 2 4, Boston 1 6, Cleveland 3 4
"""
# Table 10.11, column 3.
BASEBALL_PRINTED = {
    "Milwaukee": 1.58,
    "Detroit": 1.44,
    "Toronto": 1.29,
    "New York": 1.25,
    "Boston": 1.11,
    "Cleveland": 0.68,
    "Baltimore": 0.0,
}

# Citations between journals, cited by citing. Stigler (1994), Statist. Sci. 9, as in Agresti (2002), p. 448.
CITATIONS = """\
a,b,winner,n
Biometrika,Comm Statist,a,730
Biometrika,Comm Statist,b,33
Biometrika,JASA,a,498
Biometrika,JASA,b,320
Biometrika,JRSS-B,a,221
Biometrika,JRSS-B,b,284
Comm Statist,JASA,a,68
Comm Statist,JASA,b,813
Comm Statist,JRSS-B,a,17
Comm Statist,JRSS-B,b,276
JASA,JRSS-B,a,142
JASA,JRSS-B,b,325
"""
# Estimates and standard errors: Turner & Firth (2012), J. Statist. Software 48(9), § 2.1.
CITATIONS_PRINTED = {
    "JRSS-B": (0.26895, 0.07083),
    "Biometrika": (0.0, 0.0),
    "JASA": (-0.47957, 0.06059),
    "Comm Statist": (-2.94907, 0.10255),
}

# Six brands of chocolate pudding: brands, preferred first, preferred second, no preference. Davidson (1970),
# J. Amer. Statist. Assoc. 65, example 2.
PUDDINGS = """\
1 2 19 22 16, 1 3 16 19 12, 2 3 19 19 10, 1 4 18 23 13, 2 4 23 19 9, 3 4 19 20 15, 1 5 13 19 18, 2 5 16 20 12,
3 5 16 15 17, 4 5 17 14 16, 1 6 18 21 12, 2 6 22 20 12, 3 6 13 18 10, 4 6 14 19 18, 5 6 11 21 12
"""

# The same paper's, as Turner, van Etten, Firth & Kosmidis (2020), Comput. Statist. 35, compute them again.
PUDDINGS_PRINTED = {"6": 0.2024, "2": 0.1730, "4": 0.1654, "3": 0.1617, "5": 0.1587, "1": 0.1388}

# The final round of the World Cup of 1950, football.
FOOTBALL = """\
a,b,winner
Uruguay,Spain,tie
Brazil,Sweden,a
Brazil,Spain,a
Uruguay,Sweden,a
Sweden,Spain,a
Uruguay,Brazil,a
"""
EXACT = ("--prior", "0", "--scale", "nats", "--intervals", "fisher")


@pytest.fixture
def players(tmp_path, capsys):
    """What the command says of each player, by name, and of the board."""

    def players(text: str, *arguments: str) -> tuple[dict, dict]:
        file = written(tmp_path, "votes.csv", text)
        assert main(["fit", str(file), "--json", *EXACT, *arguments]) == 0
        board = json.loads(capsys.readouterr().out)
        return {player["name"]: player for player in board["players"]}, board

    return players


def games(text: str) -> str:
    rows = ["left,right,winner,n"]
    for line in text.splitlines():
        home, others = line.split(": ")
        for other in others.split(", "):
            away, won, lost = other.rsplit(" ", 2)
            rows += [f"{home},{away},left,{won}", f"{home},{away},right,{lost}"]
    return "\n".join(rows)


def tastings(text: str) -> str:
    rows = ["a,b,winner,n"]
    for pair in text.replace("\n", " ").split(", "):
        first, second, won, lost, tied = pair.split()
        rows += [f"{first},{second},{word},{n}" for word, n in (("a", won), ("b", lost), ("tie", tied))]
    return "\n".join(rows)


def test_baseball_standings(players):
    found, board = players(games(BASEBALL), "--anchor", "Baltimore=0", "--weight-column", "n")
    assert {name: round(player["rating"], 2) for name, player in found.items()} == BASEBALL_PRINTED
    assert list(found) == list(BASEBALL_PRINTED)
    assert board["votes"] == 21 * 13
    # "standard errors are about 0.3"
    assert {round(player["se"], 1) for player in found.values()} == {0.0, 0.3}
    assert {player["votes"] for player in found.values()} == {6 * 13}


def test_journal_citations(players):
    found, board = players(CITATIONS, "--anchor", "Biometrika=0", "--weight-column", "n")
    printed = {name: (round(player["rating"], 5), round(player["se"], 5)) for name, player in found.items()}
    assert printed == CITATIONS_PRINTED
    assert board["votes"] == 3727


def test_chocolate_puddings_with_ties(players):
    found, board = players(tastings(PUDDINGS), "--ties", "davidson", "--weight-column", "n")
    worths = {name: math.exp(player["rating"]) for name, player in found.items()}
    shares = {name: round(worth / sum(worths.values()), 4) for name, worth in worths.items()}
    assert shares == PUDDINGS_PRINTED
    assert round(board["tie"], 4) == 0.7468


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_football_with_draws(players, model):
    found, board = players(FOOTBALL, "--ties", model)
    names = sorted(found)
    strengths = np.array([found[name]["rating"] for name in names])
    best = minimize(unlikelihood, np.zeros(5), args=(model, names), method="BFGS", options={"gtol": 1e-9})
    assert strengths == pytest.approx(best.x[:4] - best.x[:4].mean(), abs=1e-6)
    assert board["tie"] == pytest.approx(tie_of(best.x[4], model), abs=1e-6)
    assert board["log_likelihood_per_vote"] == pytest.approx(-best.fun / 6, abs=1e-9)


def test_football_has_the_points_and_draws_of_its_table(players):
    """Davidson (1970): the fit expects what was seen, two points for a win and one for a draw."""
    found, board = players(FOOTBALL, "--ties", "davidson")
    expected, draws = dict.fromkeys(found, 0.0), 0.0
    for first in found:
        for second in found:
            if first != second:
                win, draw, _ = chances(found[first]["rating"] - found[second]["rating"], board["tie"], "davidson")
                expected[first] += 2 * win + draw
                draws += draw / 2
    assert expected == pytest.approx({"Uruguay": 5, "Brazil": 4, "Sweden": 2, "Spain": 1}, abs=1e-9)
    assert draws == pytest.approx(1, abs=1e-9)
    assert list(found) == ["Uruguay", "Brazil", "Sweden", "Spain"]


def chances(gap: float, tie: float, model: str) -> tuple[float, float, float]:
    """A win, a draw, a loss: the models' formulas as their papers print them, with π = exp θ."""
    ours, theirs = math.exp(gap), 1.0
    if model == "davidson":
        both = ours + theirs + tie * math.sqrt(ours * theirs)
        return ours / both, tie * math.sqrt(ours * theirs) / both, theirs / both
    win, loss = ours / (ours + tie * theirs), theirs / (theirs + tie * ours)
    return win, 1 - win - loss, loss


def tie_of(free: float, model: str) -> float:
    return math.exp(free) if model == "davidson" else 1 + math.exp(free)


def unlikelihood(x: np.ndarray, model: str, names: list[str]) -> float:
    total = 0.0
    for row in FOOTBALL.splitlines()[1:]:
        first, second, winner = row.split(",")
        odds = chances(x[names.index(first)] - x[names.index(second)], tie_of(x[4], model), model)
        total -= math.log(odds[0] if winner == "a" else odds[1])
    # Only differences count: this keeps the mean in place.
    return total + float(x[:4].mean()) ** 2
