"""Other people's solvers, which share no line and no method with ours, find the same ratings.

evalica: Newman's iteration; choix: iterated Luce spectral ranking, minorisation-maximisation and Newton-CG.
Both know no prior. A tie is ½ for each in evalica, and in choix's matrix of points; choix's lists of single
wins hold every win twice and every tie once each way, which moves no maximum.
"""

from pathlib import Path

import choix
import evalica
import numpy as np
import pytest
from numpy.typing import NDArray

from rating import Ballots, Outcome, Tally, fit, read_ballots
from rating.bradley_terry import bradley_terry
from rating.covariance import VoterSums, covariance_of, meat_of_voters, meat_of_votes
from rating.fitting import ELO_PER_NAT
from rating.totals import totals_of

WINNERS = {
    Outcome.A: evalica.Winner.X,
    Outcome.B: evalica.Winner.Y,
    Outcome.TIE: evalica.Winner.Draw,
    Outcome.BOTH_BAD: evalica.Winner.Draw,
}
CLOSE = 1e-6  # Elo points


def centred(strengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Elo points about their mean."""
    elo: NDArray[np.float64] = ELO_PER_NAT * (strengths - strengths.mean())
    return elo


def ours(tally: Tally) -> NDArray[np.float64]:
    return centred(fit(tally, prior=0).strengths)


def by_evalica(tally: Tally) -> NDArray[np.float64]:
    first, second, outcome = np.nonzero(tally.counts)
    found = evalica.bradley_terry(
        first.tolist(),
        second.tolist(),
        [WINNERS[Outcome(each)] for each in outcome],
        weights=tally.counts[first, second, outcome].astype(float).tolist(),
        tolerance=1e-12,
        limit=1_000_000,
    )
    return centred(np.log(found.scores.sort_index().to_numpy()))


def by_choix(tally: Tally) -> NDArray[np.float64]:
    points = totals_of(tally).points
    return centred(choix.ilsr_pairwise_dense(points, alpha=0, tol=1e-13, max_iter=10_000))


def single_wins(tally: Tally) -> list[tuple[int, int]]:
    twice = (2 * totals_of(tally).points).astype(int)
    return [(int(i), int(j)) for i, j in np.argwhere(twice) for _ in range(twice[i, j])]


def random_board(seed: int, players: int, votes: int) -> Tally:
    """Players about as far apart as in llmfao, a fifth of the verdicts ties; everyone beat the next once."""
    random = np.random.default_rng(seed)
    truth = random.normal(0, 0.7, players)
    first = random.integers(0, players, votes)
    second = (first + random.integers(1, players, votes)) % players
    won = random.random(votes) < 1 / (1 + np.exp(truth[second] - truth[first]))
    outcome = np.where(random.random(votes) < 0.2, random.choice([Outcome.TIE, Outcome.BOTH_BAD], votes), 1 - won)
    tally = Tally.empty(players)
    tally.add_many(first, second, outcome)
    ring = np.arange(players)
    tally.add_many(ring, (ring + 1) % players, np.zeros(players, dtype=int))
    return tally


@pytest.mark.parametrize("name", ["simple", "food", "llmfao"])
def test_evalica_and_choix_rate_published_votes_as_we_do(published: Path, name: str) -> None:
    _, tally = read_ballots(published / f"{name}.csv")
    np.testing.assert_allclose(by_evalica(tally), ours(tally), atol=CLOSE)
    np.testing.assert_allclose(by_choix(tally), ours(tally), atol=CLOSE)


@pytest.mark.parametrize("seed", range(8))
def test_evalica_and_choix_rate_random_votes_as_we_do(seed: int) -> None:
    tally = random_board(seed, players=(4, 12, 30, 59)[seed % 4], votes=(60, 9000)[seed // 4])
    np.testing.assert_allclose(by_evalica(tally), ours(tally), atol=CLOSE)
    np.testing.assert_allclose(by_choix(tally), ours(tally), atol=CLOSE)


def test_evalica_and_choix_rate_the_real_board_as_we_do(real_board: tuple[tuple[str, ...], Tally]) -> None:
    _, tally = real_board
    np.testing.assert_allclose(by_evalica(tally), ours(tally), atol=CLOSE)
    np.testing.assert_allclose(by_choix(tally), ours(tally), atol=CLOSE)


def test_choixs_other_methods_rate_as_we_do() -> None:
    tally = random_board(21, players=6, votes=300)
    wins = single_wins(tally)
    by_steps = choix.mm_pairwise(6, wins, tol=1e-13)
    by_newton = choix.opt_pairwise(6, wins, alpha=0, method="Newton-CG", tol=1e-13)
    np.testing.assert_allclose(centred(by_steps), ours(tally), atol=CLOSE)
    np.testing.assert_allclose(centred(by_newton), ours(tally), atol=CLOSE)


def test_workers_who_agree_with_themselves_widen_llmfaos_errors_as_known(llmfao: Ballots) -> None:
    totals = totals_of(llmfao)
    maximum = bradley_terry(totals, 0.5)
    nobody = np.zeros(llmfao.players, dtype=bool)

    def errors(meat: NDArray[np.float64] | VoterSums) -> NDArray[np.float64]:
        # The plain sandwiches, without what is done for few votes and few voters.
        plain = meat.meat() if isinstance(meat, VoterSums) else meat
        return np.sqrt(np.diagonal(covariance_of(maximum, totals, plain, nobody)))

    wider = errors(meat_of_voters(maximum, llmfao)) / errors(meat_of_votes(maximum, totals))
    assert np.median(wider) == pytest.approx(1.12, abs=0.005)
    assert wider.max() == pytest.approx(3.85, abs=0.005)
