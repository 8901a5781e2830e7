"""Resampling: what it agrees with, what it can draw, and what it refuses."""

import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rating import BadSetting, Ballots, Disconnected, NotConverged, Outcome, Tally, bootstrap, fit

A, B, TIE, BOTH_BAD = Outcome
PLAYERS = 10
MODULE = sys.modules["rating.bootstrap"]  # `rating.bootstrap` itself is the function


def seeded(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def simulated(votes: int, voters: int) -> Ballots:
    """Votes of ten players, a quarter of them undecided; each voter is partial to some players."""
    random = seeded(1)
    truth = np.linspace(-1, 1, PLAYERS)
    voter = np.minimum(random.integers(0, voters, votes), random.integers(0, voters, votes))
    partial = random.normal(0, 0.8, (voters, PLAYERS))
    first = random.integers(0, PLAYERS, votes)
    second = (first + random.integers(1, PLAYERS, votes)) % PLAYERS
    gap = truth[first] - truth[second] + partial[voter, first] - partial[voter, second]
    p = 1 / (1 + np.exp(-gap))
    undecided = 0.6 * np.minimum(p, 1 - p)
    drawn = random.random(votes)
    outcome = np.where(drawn < p - undecided / 2, A, np.where(drawn < p + undecided / 2, TIE, B))
    outcome[random.random(votes) < 0.05] = BOTH_BAD
    weight = random.choice([0.0, 0.5, 1.0, 2.5], votes)
    return Ballots.from_arrays(first, second, outcome, players=PLAYERS, voter=voter, weight=weight)


def unweighted(votes: Ballots) -> Ballots:
    return Ballots(votes.players, votes.first, votes.second, votes.outcome, votes.voter)


def assert_errors_agree(formula: NDArray[np.float64], resampled: NDArray[np.float64]) -> None:
    """The median of the ratios of standard errors within 2 %, each within 5 %; also those of all differences."""

    def deviations(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
        across = np.diagonal(covariance)[:, None] + np.diagonal(covariance) - 2 * covariance
        upper = np.triu_indices(len(covariance), 1)
        return np.sqrt(np.concatenate([np.diagonal(covariance), across[upper]]))

    ratios = deviations(formula) / deviations(resampled)
    assert abs(np.median(ratios) - 1) < 0.02
    assert np.abs(ratios - 1).max() < 0.05


@pytest.mark.parametrize("ties", ["half", "drop"])
def test_the_sandwich_has_the_errors_of_twenty_thousand_draws(ties: Any) -> None:
    tally = simulated(12_000, 400).tally()
    assert_errors_agree(fit(tally, ties=ties).covariance, bootstrap(tally, draws=20_000, rng=seeded(), ties=ties))


def test_the_sandwich_of_weighted_votes_has_the_errors_of_draws() -> None:
    votes = simulated(12_000, 400)
    formula = fit(votes, intervals="sandwich", both_bad="drop").covariance
    assert_errors_agree(formula, bootstrap(votes, draws=6000, rng=seeded(), both_bad="drop"))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_clustered_sandwich_has_the_errors_of_drawn_voters(weighted: bool) -> None:
    votes = simulated(24_000, 1500)
    votes = votes if weighted else unweighted(votes)
    clustered, by_vote = fit(votes, both_bad="drop"), fit(votes, both_bad="drop", intervals="sandwich")
    drawn = bootstrap(votes, draws=6000, rng=seeded(), both_bad="drop", by_voter=True)
    assert_errors_agree(clustered.covariance, drawn)
    # The voters are partial enough to tell the two apart.
    assert np.median(clustered.standard_errors() / by_vote.standard_errors()) > 1.1


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_models_of_ties_are_drawn_too(ties: Any) -> None:
    tally = simulated(12_000, 400).tally()
    errors, drawn = fit(tally, ties=ties).covariance, bootstrap(tally, draws=300, rng=seeded(), ties=ties)
    assert np.median(np.diagonal(errors) / np.diagonal(drawn)) == pytest.approx(1, abs=0.15)


def test_the_same_seed_draws_the_same_in_stacks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    votes = simulated(2000, 50)
    once = bootstrap(votes, draws=50, rng=seeded(), by_voter=True)
    monkeypatch.setattr(MODULE, "PIECE", 1)
    assert bootstrap(votes, draws=50, rng=seeded(), by_voter=True) == pytest.approx(once, rel=1e-9)
    assert not np.array_equal(bootstrap(votes, draws=50, rng=seeded(8), by_voter=True), once)


def test_ballots_and_their_tally_are_drawn_alike() -> None:
    votes = unweighted(simulated(2000, 50))
    assert np.array_equal(bootstrap(votes, draws=20, rng=seeded()), bootstrap(votes.tally(), draws=20, rng=seeded()))


def test_draws_without_a_prior_are_fits_without_a_prior() -> None:
    tally = simulated(4000, 50).tally()
    assert_errors_agree(fit(tally, prior=0).covariance, bootstrap(tally, draws=6000, rng=seeded(), prior=0))


def test_a_covariance_of_draws_is_one_about_the_mean() -> None:
    covariance = bootstrap(simulated(2000, 50), draws=200, rng=seeded())
    assert covariance.sum(axis=1) == pytest.approx(np.zeros(PLAYERS), abs=1e-12)
    assert np.array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > -1e-12


def test_a_player_alone_does_not_vary() -> None:
    assert bootstrap(Tally.empty(1), rng=seeded()).tolist() == [[0.0]]


def level(wins: int) -> Tally:
    """Two players who beat each other equally often."""
    tally = Tally.empty(2)
    tally.add(0, 1, A, wins)
    tally.add(0, 1, B, wins)
    return tally


def test_a_draw_that_one_player_wins_throughout_is_refused_without_a_prior() -> None:
    with pytest.raises(NotConverged, match=r"of 1000 draws leave a gap .* prior above 0"):
        bootstrap(level(2), rng=seeded(), prior=0)
    assert np.isfinite(bootstrap(level(2), rng=seeded())).all()


def test_a_prior_too_small_for_floats_is_refused() -> None:
    with pytest.raises(NotConverged, match="too weakly for this prior"):
        bootstrap(level(4), rng=seeded(), prior=1e-17)


def test_an_endless_search_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "MOST_STEPS", 1)
    with pytest.raises(NotConverged, match="within 1 steps on every draw"):
        bootstrap(level(50), rng=seeded())


def test_what_cannot_be_drawn_is_refused() -> None:
    votes = Ballots.from_arrays([0, 1], [1, 0], [A, A], players=2, voter=[5, 5])
    with pytest.raises(BadSetting, match="two draws or more, not 1"):
        bootstrap(votes, rng=seeded(), draws=1)
    with pytest.raises(BadSetting, match="two are needed"):
        bootstrap(votes, rng=seeded(), by_voter=True)
    for voters_unknown in (votes.tally(), Ballots(2, votes.first, votes.second, votes.outcome)):
        with pytest.raises(BadSetting, match="who cast them"):
            bootstrap(voters_unknown, rng=seeded(), by_voter=True)
    with pytest.raises(Disconnected):
        bootstrap(Tally.empty(2), rng=seeded())
    with pytest.raises(BadSetting):
        bootstrap(votes, rng=seeded(), prior=-1)
