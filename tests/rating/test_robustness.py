"""How few votes or voters would turn a cut."""

import itertools
from typing import Any

import numpy as np
import pytest

from rating import BadSetting, Ballots, Disconnected, Margin, Outcome, Tally, fit, robustness_margin
from rating.fitting import maximum_of
from rating.robustness import Cut, enough, influence, inverse_of, most_influential, units_of
from rating.totals import counted_outcomes, totals_of
from tests.rating.test_ranks import drawn_board

A, B, TIE, BOTH_BAD = Outcome


def drawn_ballots(players: int, votes: int, seed: int, **columns: Any) -> Ballots:
    random = np.random.default_rng(seed)
    first = random.integers(0, players, votes)
    second = (first + random.integers(1, players, votes)) % players
    outcome = random.integers(0, 4, votes)
    return Ballots.from_arrays(first, second, outcome, players=players, **columns)


def fallen(votes: Ballots | Tally, below: int, **settings: Any) -> set[int]:
    """Who goes; no tie over the line is meant."""
    board = fit(votes, apart=True, **settings)
    return set(np.flatnonzero(board.ranks() > votes.players - below).tolist())


def without(ballots: Ballots, margin: Margin, by: str) -> Ballots:
    gone = np.zeros(len(ballots), dtype=np.bool_)
    if by == "votes":
        gone[margin.removed] = True
    else:
        assert ballots.voter is not None
        gone = np.isin(ballots.voter, margin.removed)
    return ballots.where(~gone)


@pytest.mark.parametrize("by", ["votes", "voters"])
@pytest.mark.parametrize("settings", [{}, {"ties": "davidson"}, {"ties": "drop"}, {"both_bad": "drop", "prior": 0.0}])
def test_the_cut_turns_without_those_it_names(by: Any, settings: dict[str, Any]) -> None:
    for seed in range(4):
        random = np.random.default_rng(seed)
        voter, weight = random.integers(0, 60, 400) * 7, random.choice([0.25, 0.5, 1.0], 400)
        ballots = drawn_ballots(6, 400, seed, voter=voter, weight=None if "ties" in settings else weight)
        margin = robustness_margin(ballots, 2, by=by, **settings)
        assert margin is not None
        assert margin.confirmed
        assert margin.number == len(set(margin.removed.tolist()))
        before, after = fallen(ballots, 2, **settings), fallen(without(ballots, margin, by), 2, **settings)
        assert margin.stays in before - after
        assert margin.goes in after - before


def test_few_votes_are_found_as_exhaustion_finds_them() -> None:
    """The greedy set is never smaller than the smallest, and nearly always the same."""
    exact = found = 0
    for seed in range(12):
        ballots = drawn_ballots(3, 9, seed)
        if len(ballots.tally().components()) > 1:
            continue
        strengths = np.round(fit(ballots).strengths, 9)
        if (strengths == strengths.min()).sum() > 1:
            continue
        margin = robustness_margin(ballots, 1)
        smallest = next(
            size
            for size in range(1, 10)
            for gone in itertools.combinations(range(9), size)
            if turned(ballots, np.array(gone))
        )
        assert margin is not None
        assert margin.number >= smallest
        assert turned(ballots, margin.removed)
        found += 1
        exact += margin.number == smallest
    assert exact >= found - 1 >= 7


def turned(ballots: Ballots, gone: Any) -> bool:
    """Whether somebody else is last without these votes."""
    before, after = (np.round(fit(votes, apart=True).strengths, 9) for votes in (ballots, removed(ballots, gone)))
    last = int(before.argmin())
    return bool(after[last] > np.delete(after, last).min())


def removed(ballots: Ballots, gone: Any) -> Ballots:
    kept = np.ones(len(ballots), dtype=np.bool_)
    kept[gone] = False
    return ballots.where(kept)


@pytest.mark.parametrize("ties", ["half", "drop", "davidson", "rao-kupper"])
def test_influence_is_what_one_vote_does(ties: Any) -> None:
    tally = drawn_ballots(4, 4000, 1).tally()
    units, totals = units_of(tally, "votes"), totals_of(tally, ties=ties)
    cut = Cut(np.array([0, 1, 2]), np.array([3]), totals, units, counted_outcomes(ties, "half"), 0.5, ties)
    first = maximum_of(totals, 0.5, ties, None)
    psi = influence(cut, first, inverse_of(first), (1, 3))
    for unit in range(units.copies.size):
        alone = np.zeros_like(units.copies)
        alone[unit] = 1
        moved = first.strengths - cut.without(alone, None).strengths
        assert moved[1] - moved[3] == pytest.approx(psi[unit], rel=0.05, abs=1e-6)


def test_the_most_influential_are_taken_until_they_exceed_the_gap() -> None:
    psi, copies = np.array([0.2, 0.5, -1.0]), np.array([9, 3, 5])
    order = most_influential(psi, copies)
    assert order.tolist() == [1, 0]
    for gap, taken in ((0.0, [0, 1, 0]), (0.5, [0, 2, 0]), (1.6, [1, 3, 0]), (1.8, [2, 3, 0]), (99.0, [9, 3, 0])):
        assert enough(psi, order, copies, gap).tolist() == taken


def test_two_players_turn_by_their_majority() -> None:
    tally = Tally.empty(2)
    tally.add(0, 1, A, 60)
    tally.add(1, 0, A, 53)
    tally.add(0, 1, TIE, 20)
    margin = robustness_margin(tally, 1)
    assert margin is not None
    assert (margin.number, margin.stays, margin.goes, margin.confirmed) == (8, 1, 0, True)  # 60 − 8 < 53 < 60 − 7 + …
    assert margin.removed.tolist() == [[0, 1, A, 8]]


def test_ballots_and_their_tally_have_the_same_margin() -> None:
    ballots = drawn_ballots(5, 500, 3)
    columns, counts = robustness_margin(ballots, 2), robustness_margin(ballots.tally(), 2)
    assert columns is not None
    assert counts is not None
    assert (columns.number, columns.stays, columns.goes) == (counts.number, counts.stays, counts.goes)
    left = ballots.tally().counts.copy()
    for first, second, outcome, number in counts.removed.tolist():
        left[first, second, outcome] -= number
    assert np.array_equal(removed(ballots, columns.removed).tally().counts, left)


def test_one_voter_who_carries_a_cut_is_found() -> None:
    # Everybody is split evenly, and voter 900 alone sets 0 above 1 by 30 votes.
    first, second = [0] * 130 + [0] * 100 + [0] * 100, [1] * 130 + [2] * 100 + [1] * 100
    outcome = [A] * 130 + [A, B] * 50 + [B] * 100
    voter = [900] * 30 + list(range(300))
    ballots = Ballots.from_arrays(first, second, outcome, players=3, voter=voter)
    board = fit(ballots)
    assert board.ranks().tolist() == [1, 3, 2]
    margin = robustness_margin(ballots, 1, by="voters", among=np.array([True, True, False]))
    assert margin is not None
    assert 900 in margin.removed
    assert margin.number == 2
    by_votes = robustness_margin(ballots, 1, among=np.array([True, True, False]))
    assert by_votes is not None
    assert by_votes.number == 31


def test_a_tie_turns_by_one_vote() -> None:
    tally = Tally.empty(3)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        tally.add(i, j, A, 5)
        tally.add(j, i, A, 5)
    margin = robustness_margin(tally, 1)
    assert margin is not None
    assert margin.number == 1


def test_no_removal_turns_a_cut_of_players_without_a_point() -> None:
    # All of the winner's votes may go, and still nobody is weaker than a player without votes.
    only = Tally.empty(2)
    only.add(0, 1, A, 4)
    assert robustness_margin(only, 1) is None
    # Of two losers who never met, each but loses; the one with more losses can be helped, not the other.
    losers = Tally.empty(3)
    losers.add(0, 1, A, 4)
    losers.add(0, 2, A, 2)
    margin = robustness_margin(losers, 1)
    assert margin is not None
    assert (margin.number, margin.stays, margin.goes) == (3, 1, 2)


def test_without_a_prior_a_removal_that_ends_all_comparison_is_not_confirmed() -> None:
    # 0 took one point of 2, and without it has none left: its strength then has no finite estimate.
    tally = Tally.empty(3)
    for winner, loser, number in ((0, 2, 1), (2, 0, 1), (1, 2, 1), (2, 1, 2)):
        tally.add(winner, loser, A, number)
    margin = robustness_margin(tally, 1, prior=0.0, among=np.array([True, True, False]))
    assert margin is not None
    assert (margin.number, margin.stays, margin.goes, margin.confirmed) == (1, 1, 0, False)
    assert margin.removed.tolist() == [[0, 2, A, 1]]
    confirmed = robustness_margin(tally, 1, among=np.array([True, True, False]))
    assert confirmed is not None
    assert confirmed.confirmed


def test_what_cannot_be_counted_is_refused() -> None:
    tally = drawn_board(np.zeros(3), 60, np.random.default_rng(1))
    with pytest.raises(BadSetting, match="not by 'users'"):
        robustness_margin(tally, 1, by="users")  # type: ignore[arg-type]
    for votes in (tally, drawn_ballots(3, 60, 1)):
        with pytest.raises(BadSetting, match="who cast them"):
            robustness_margin(votes, 1, by="voters")
    with pytest.raises(BadSetting, match="a cut of 3 players"):
        robustness_margin(tally, 3)
    with pytest.raises(Disconnected):
        robustness_margin(Tally.empty(2), 1)


def test_a_real_board_turns_in_a_moment(real_board: tuple[tuple[str, ...], Tally]) -> None:
    _, tally = real_board
    margin = robustness_margin(tally, 1)
    assert margin is not None
    left = Tally(tally.counts.copy())
    for first, second, outcome, number in margin.removed.tolist():
        left.counts[first, second, outcome] -= number
    assert margin.number == 88 < tally.votes / 10_000
    assert fallen(left, 1) == {margin.goes} != fallen(tally, 1) == {margin.stays}
