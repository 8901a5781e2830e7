"""Which pairs should meet next: worked out with every fold, and handed down to the arena as a row."""

import numpy as np
from numpy.typing import NDArray

from arena.models import Pairing, Terms
from leaderboard.field import competing
from leaderboard.models import Folded, Round, RoundState
from leaderboard.rulebook import in_force
from rating import Design, Fit, Tally, pair_probabilities, uniform_probabilities


def design_of(contest: Round) -> Design | None:
    """The design that the round's rulebook names, docs/rating.md § 9; None where pairs meet uniformly."""
    rules = in_force(contest).pairing
    if rules.method == "uniform":
        return None
    return Design(floor=float(rules.floor), explore=float(rules.explore), cap=float(rules.cap))


def publish_pairing(contest: Round, folded: Folded, made: Fit, votes: Tally) -> None:
    """Store how likely each drawable pair is to meet next, inside the caller's transaction.

    Only while the round is open and not frozen: a board that stands still for the public must not move in how often
    pairs meet. From the freeze on pairs are drawn by the chances of the frozen edition, which everybody can work out,
    by who can answer, and by the voter's own votes: by nothing that anybody else has voted since.
    """
    terms = contest.gate.terms.order_by("-version").first()
    if terms is None or contest.state != RoundState.OPEN:
        return
    drawables = {slug: (entry, weight) for slug, entry, weight in _drawables(terms)}
    entries, weights = zip(*(drawables.get(slug, (0, 0.0)) for slug in folded.slugs), strict=True)
    if np.count_nonzero(weights) < 2:
        return
    probabilities = _probabilities(contest, folded, made, votes, np.array(weights))
    pairs = [(int(i), int(j)) for i, j in np.argwhere(probabilities > 0)]
    chances = [[entries[i], entries[j], float(probabilities[i, j])] for i, j in pairs]
    Pairing.objects.update_or_create(terms=terms, defaults={"position": folded.position, "chances": chances})


def _drawables(terms: Terms) -> list[tuple[str, int, float]]:
    return list(terms.drawables.values_list("entry__slug", "entry_id", "weight"))


def _probabilities(
    contest: Round, folded: Folded, made: Fit, votes: Tally, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of each pair, above the diagonal. Drawables may meet; the line runs through those of them that compete."""
    design = design_of(contest)
    if design is None:
        return uniform_probabilities(len(weights), weights)
    slugs = set(competing(contest).values_list("entry__slug", flat=True))
    compete = np.array([slug in slugs for slug in folded.slugs])
    among = compete & (weights > 0)
    # Where no chain of votes joins all of them, or the cut takes all, there is no line yet, and nothing to aim at.
    joined = set(np.flatnonzero(compete | (weights > 0))) <= set(made.groups[0]) and contest.cut_size < among.sum()
    below = contest.cut_size if joined else 0
    return pair_probabilities(made, votes, below, among=among, weights=weights, design=design)
