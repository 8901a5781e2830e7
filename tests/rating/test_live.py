"""A board that takes in votes as they come is the board of all its votes at once."""

import io
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rating import BadCounts, BadSetting, Ballots, Disconnected, Fit, Intervals, Live, NotConverged, Running, fit
from rating.bradley_terry import bradley_terry
from rating.totals import totals_of
from rating.voters import MOST_PLAYERS

BothBad = Literal["half", "drop"]


def random_ballots(
    votes: int, *, players: int = 5, voters: int = 9, seed: int = 1, weighted: bool = False, **columns: Any
) -> Ballots:
    random = np.random.default_rng(seed)
    first = random.integers(0, players, votes)
    second = (first + random.integers(1, players, votes)) % players
    return Ballots.from_arrays(
        first,
        second,
        random.integers(0, 4, votes),
        players=players,
        # Few cast many, many cast few.
        voter=random.integers(0, voters, votes) * random.integers(0, 2, votes),
        weight=random.choice([0, 0.25, 1, 3], votes) if weighted else None,
        **columns,
    )


def assert_equal(live: Fit, batch: Fit) -> None:
    np.testing.assert_allclose(live.strengths, batch.strengths, rtol=0, atol=1e-9)
    np.testing.assert_allclose(live.covariance, batch.covariance, rtol=1e-9, atol=1e-9)
    assert live.log_likelihood == pytest.approx(batch.log_likelihood, rel=1e-9)
    assert live.votes == pytest.approx(batch.votes)
    assert np.array_equal(live.determined, batch.determined)


@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=5),
    st.integers(0, 1000),
    st.booleans(),
    st.sampled_from(["half", "drop"]),
    st.sampled_from(["fisher", "sandwich", "cluster", "cautious"]),
)
def test_votes_in_any_pieces_make_the_board_of_all_at_once(
    pieces: list[int], seed: int, weighted: bool, both_bad: BothBad, intervals: Intervals
) -> None:
    votes = random_ballots(sum(pieces), seed=seed, weighted=weighted)
    live, start = Live(5, both_bad=both_bad, intervals=intervals), 0
    for piece in pieces:
        board = live.advance(votes.where(np.arange(start, start + piece)), apart=True)
        start += piece
    # One voter cannot be clustered.
    assert live.running.intervals in (intervals, "sandwich")
    assert_equal(board, fit(votes, both_bad=both_bad, intervals=live.running.intervals, apart=True))


def test_a_long_memory_finds_each_voters_votes() -> None:
    votes = random_ballots(200_000, voters=5_000)
    live = Live(5)
    for start in range(0, 200_000, 40_000):
        board = live.advance(votes.where(np.arange(start, start + 40_000)))
    assert live.history is not None
    assert len(live.history.sorted) > len(live.history.tail)
    assert_equal(board, fit(votes))


def test_a_board_that_was_kept_goes_on_where_it_stopped() -> None:
    votes = random_ballots(300)
    early, late = votes.where(np.arange(200)), votes.where(np.arange(200, 300))
    state = Running(5)
    state.count(early)
    state.fit()
    file = io.BytesIO()
    np.savez(file, **state.arrays())  # type: ignore[arg-type]
    file.seek(0)
    resumed = Running.resumed(np.load(file))
    resumed.count(late, early)
    assert resumed.votes == 300
    given = np.bincount(votes.voter)  # type: ignore[arg-type]
    assert resumed.moments is not None
    assert resumed.moments.cubes == (given.astype(float) ** 3).sum()
    assert_equal(resumed.fit(), fit(votes))


def test_a_board_without_voters_is_kept_as_well() -> None:
    votes = random_ballots(100)
    state = Running(5, intervals="sandwich")
    state.count(votes.where(np.arange(60)))
    with pytest.raises(BadCounts, match="who cast"):
        Running.resumed(state.arrays())
    resumed = Running.resumed(state.arrays(), intervals="sandwich")
    resumed.count(votes.where(np.arange(60, 100)))
    assert_equal(resumed.fit(), fit(votes.tally()))


@pytest.mark.parametrize(("name", "shape"), [("squares", (4, 4, 4)), ("moments", (3,)), ("weights", (5, 5))])
def test_a_board_that_was_kept_badly_is_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(BadCounts, match="kept"):
        Running.resumed(Running(5).arrays() | {name: np.zeros(shape)})


def test_style_is_not_remembered() -> None:
    votes = random_ballots(40, features=np.ones((40, 2)))
    live = Live(5)
    live.advance(votes)
    assert live.history is not None
    assert live.history.tail.features is None


def test_votes_of_nobody_are_refused_and_not_counted() -> None:
    votes = random_ballots(40)
    nameless = Ballots(5, votes.first, votes.second, votes.outcome)
    live = Live(5)
    with pytest.raises(BadCounts, match="who cast them"):
        live.advance(nameless)
    with pytest.raises(BadCounts, match="who cast them"):
        live.running.count(nameless)
    assert live.running.votes == 0


def test_votes_that_begin_to_have_weights_are_refused_and_not_counted() -> None:
    live = Live(5)
    live.advance(random_ballots(40))
    with pytest.raises(BadCounts, match="some of the ballots to join have weights"):
        live.advance(random_ballots(40, weighted=True))
    assert live.running.votes == 40


def test_votes_of_other_players_are_refused() -> None:
    with pytest.raises(BadCounts, match="6 players do not fit a board of 5"):
        Live(5).advance(random_ballots(3, players=6))


def test_one_voters_votes_are_draws_of_their_own_until_there_is_another() -> None:
    votes = random_ballots(40, voters=1)
    live = Live(5)
    assert_equal(live.advance(votes), fit(votes, intervals="sandwich"))
    moments, totals = live.running.moments, totals_of(votes)
    assert moments is not None
    with pytest.raises(BadSetting, match="two are needed"):
        moments.at(bradley_terry(totals, 0.5), totals)


def test_groups_that_never_met_are_counted_but_not_ranked() -> None:
    live = Live(4)
    apart = Ballots.from_arrays([0, 2], [1, 3], [0, 0], players=4, voter=[0, 1])
    with pytest.raises(Disconnected):
        live.advance(apart)
    assert live.running.votes == 2
    assert np.isfinite(live.advance(apart.where(np.zeros(0, dtype=np.intp)), apart=True).ratings()).all()


def test_a_board_can_do_without_a_prior() -> None:
    live = Live(2, prior=0)
    with pytest.raises(NotConverged):
        live.advance(Ballots.from_arrays([0], [1], [0], players=2, voter=[0]))
    board = live.advance(Ballots.from_arrays([0], [1], [1], players=2, voter=[1]))
    assert board.strengths == pytest.approx([0, 0])


@pytest.mark.parametrize("players", [0, MOST_PLAYERS + 1])
def test_a_board_of_no_or_too_many_players_is_refused(players: int) -> None:
    with pytest.raises(BadSetting):
        Live(players)


@pytest.mark.parametrize("fitted", [True, False])
@pytest.mark.parametrize("intervals", ["fisher", "sandwich", "cluster", "cautious"])
def test_a_board_grows_by_players_as_if_they_had_been_there(intervals: Intervals, fitted: bool) -> None:
    early, late = random_ballots(80, players=4), random_ballots(80, players=6, seed=2)
    early_of_six = Ballots.from_arrays(early.first, early.second, early.outcome, players=6, voter=early.voter)
    small, whole = Running(4, intervals=intervals), Running(6, intervals=intervals)
    small.count(early, early.where(np.zeros(80, dtype=np.bool_)))
    if fitted:
        small.fit(apart=True)
    grown = small.grown(6)
    whole.count(early_of_six, early_of_six.where(np.zeros(80, dtype=np.bool_)))
    assert_equal(grown.fit(apart=True), whole.fit(apart=True))
    for board in (grown, whole):
        board.count(late, early_of_six)
    assert_equal(grown.fit(apart=True), whole.fit(apart=True))
    with pytest.raises(BadSetting, match="does not grow to 3"):
        small.grown(3)


@pytest.mark.parametrize("intervals", ["fisher", "sandwich", "cluster", "cautious"])
@pytest.mark.parametrize("both_bad", ["half", "drop"])
def test_supposed_votes_make_the_board_of_as_many_new_voters(intervals: Intervals, both_bad: BothBad) -> None:
    known = random_ballots(80)
    others = random_ballots(40, seed=2)
    # As voters of their own, whom nobody has seen before.
    newcomers = Ballots.from_arrays(others.first, others.second, others.outcome, players=5, voter=np.arange(1000, 1040))
    real, running = Live(5, both_bad=both_bad, intervals=intervals), Live(5, both_bad=both_bad, intervals=intervals)
    running.count(known)
    before = running.running.fit(apart=True)
    supposed = running.running.supposed(newcomers.tally().counts)
    real.count(known)
    real.count(newcomers)
    assert_equal(supposed.fit(apart=True), real.running.fit(apart=True))
    assert_equal(running.running.fit(apart=True), before)  # who supposes something has counted nothing


def test_supposed_votes_may_be_what_is_expected() -> None:
    running = Running(3)
    votes = np.zeros((3, 3, 4))
    votes[0, 1, 0], votes[1, 0, 0], votes[1, 2, 2] = 5.5, 4.5, 0.5
    assert running.supposed(votes).votes == pytest.approx(10.5)
    assert running.votes == 0


@pytest.mark.parametrize(
    ("shape", "place", "votes"),
    [((3, 3, 4), (0, 1, 0), -1), ((3, 3, 4), (0, 1, 0), np.nan), ((3, 3, 4), (1, 1, 0), 1), ((2, 2, 4), (0, 1, 0), 1)],
)
def test_votes_that_cannot_be_are_not_supposed(shape: tuple[int, ...], place: tuple[int, ...], votes: float) -> None:
    more = np.zeros(shape)
    more[place] = votes
    with pytest.raises(BadCounts):
        Running(3).supposed(more)
