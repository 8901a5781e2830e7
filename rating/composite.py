"""Scores of a contest that weighs components: exact in decimals, with the uncertainty of those that have one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rating.covariance import square_root
from rating.cut import lowest
from rating.errors import BadSetting
from rating.fitting import ELO_PER_NAT, Fit
from rating.ranks import SEED, Mask, candidates

Floats = NDArray[np.float64]

Normalisation = Literal["points", "share", "min-max", "rank"]
Exact = Decimal | Fraction

DRAWS = 4000  # of a component whose normalisation is not linear


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One part of the total. `weight` is how many points it can give.

    scores: one for each player, exact: a fraction where a decimal ends nowhere, as a mean of three marks.
    How they become points:
    "points": they are points already, between 0 and the weight;
    "share": weight · score / maximum, scores between 0 and the maximum;
    "min-max": weight · (score − lowest) / (highest − lowest), the full weight for all where all are equal;
    "rank": weight · (players − rank) / (players − 1), equal scores sharing the mean of their ranks.
    """

    name: str
    weight: Decimal
    scores: Sequence[Exact]
    normalisation: Normalisation
    maximum: Decimal | None = None
    """For "share" alone."""
    covariance: ArrayLike | None = None
    """(n, n), in the scores' units squared, of their errors; standard errors (n,) if these are independent."""

    def told(self) -> dict[str, Any]:
        """As JSON, exactly: numbers as decimals or fractions in text, errors as numbers. `component_told` reads it."""
        return {
            "name": self.name,
            "weight": str(self.weight),
            "scores": [str(score) for score in self.scores],
            "normalisation": self.normalisation,
            "maximum": None if self.maximum is None else str(self.maximum),
            "covariance": None if self.covariance is None else np.asarray(self.covariance, dtype=np.float64).tolist(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """The totals of n players. They are compared as they are; rounding is for print."""

    totals: tuple[Fraction, ...]
    points: tuple[tuple[Fraction, ...], ...]
    """What each component gave, (components, n)."""
    covariance: Floats
    """(n, n), points², of the totals' errors."""

    def printed(self, places: int = 1) -> tuple[Decimal, ...]:
        """The totals as printed. Raises BadSetting."""
        return tuple(rounded(total, places) for total in self.totals)

    def ranks(self) -> tuple[int, ...]:
        """1 for the highest total; equal totals have the same rank, for the rulebook's tie rule to part."""
        return tuple(1 + sum(other > total for other in self.totals) for total in self.totals)

    def cut_probabilities(self, below: int, *, draws: int = 4000, rng: np.random.Generator | None = None) -> Floats:
        """The probability that a player is one of the `below` lowest, (n,), as for a board. Raises BadSetting."""
        return lowest(np.array([float(total) for total in self.totals]), self.covariance, below, draws, rng)


def composite_of(components: Sequence[Component]) -> Composite:
    """Add the components up, each normalised and weighed as it says.

    Totals are exact fractions of the decimals given. Errors of components are independent of each other; through
    "points" and "share" they go exactly, through "min-max" and "rank" by 4,000 normal draws of a fixed seed.
    Raises BadSetting, naming the component.
    """
    if not components:
        raise BadSetting("a composite needs at least one component")
    n = len(components[0].scores)
    for component in components:
        refuse_bad_component(component, n)
    points = tuple(points_of(component) for component in components)
    totals = tuple(sum(column, Fraction(0)) for column in zip(*points, strict=True))
    return Composite(totals, points, sum((errors_of(component) for component in components), np.zeros((n, n))))


def component_told(told: Any) -> Component:
    """The component that `Component.told` told of. Raises BadSetting for what is none."""
    try:
        return Component(
            name=str(told["name"]),
            weight=Decimal(told["weight"]),
            scores=tuple(exact(score) for score in told["scores"]),
            normalisation=told["normalisation"],
            maximum=None if told["maximum"] is None else Decimal(told["maximum"]),
            covariance=told["covariance"],
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as why:
        raise BadSetting(f"this is no component: {why!r}") from None


def exact(text: str) -> Exact:
    """The number that a text is: "31.6" or "95/3"."""
    return Fraction(text) if "/" in text else Decimal(text)


def arena_component(
    board: Fit,
    weight: Decimal,
    *,
    name: str = "arena",
    normalisation: Normalisation = "min-max",
    places: int = 1,
    among: Mask | None = None,
) -> Component:
    """A board as a component: its ratings as printed, to so many places, and their covariance, in Elo points.

    The printed ratings count, so that everybody can do the sum. among: mask (n,) of the players who are scored.
    Raises BadSetting.
    """
    chosen = candidates(board, among)
    scores = tuple(rounded(Fraction(rating), places) for rating in board.ratings()[chosen].tolist())
    covariance = board.covariance[np.ix_(chosen, chosen)] * ELO_PER_NAT**2
    return Component(name, weight, scores, normalisation, covariance=covariance)


def rounded(value: Fraction | Decimal, places: int) -> Decimal:
    """The value to so many decimal places; a half goes away from zero (ROUND_HALF_UP). Raises BadSetting."""
    if places < 0:
        raise BadSetting(f"a number cannot have {places} decimal places")
    exact = Fraction(value) * 10**places
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    # From digits, since arithmetic of decimals rounds by a context of its own.
    return Decimal((int(exact < 0 and whole > 0), tuple(int(digit) for digit in str(whole)), -places))


def points_of(component: Component) -> tuple[Fraction, ...]:
    """What a component gives each player (n,)."""
    scores = [Fraction(score) for score in component.scores]
    weight = Fraction(component.weight)
    if component.normalisation == "points":
        return tuple(scores)
    if component.maximum is not None:
        return tuple(weight * score / Fraction(component.maximum) for score in scores)
    if component.normalisation == "rank":
        return tuple(weight * beaten_share(score, scores) for score in scores)
    low, high = min(scores), max(scores)
    return tuple(weight * (score - low) / (high - low) if high > low else weight for score in scores)


def beaten_share(score: Fraction, scores: Sequence[Fraction]) -> Fraction:
    """(n − rank)/(n − 1) with the mean rank of equals: the share of the others it beats, an equal counting half."""
    lower, equal = sum(other < score for other in scores), sum(other == score for other in scores)
    return (lower + Fraction(equal - 1, 2)) / (len(scores) - 1)


def errors_of(component: Component) -> Floats:
    """The covariance (n, n) of a component's points."""
    n = len(component.scores)
    if component.covariance is None:
        return np.zeros((n, n))
    given = np.asarray(component.covariance, dtype=np.float64)
    covariance: Floats = np.diag(given**2) if given.ndim == 1 else given
    if component.normalisation == "points":
        return covariance
    weight = float(component.weight)
    if component.maximum is not None:
        scaled: Floats = covariance * (weight / float(component.maximum)) ** 2
        return scaled
    normal = np.random.default_rng(SEED).standard_normal((DRAWS, n))
    values = np.array([float(score) for score in component.scores]) + normal @ square_root(covariance)
    shares = ranked(values) if component.normalisation == "rank" else stretched(values)
    shares -= shares.mean(axis=0)
    through: Floats = weight**2 / DRAWS * (shares.T @ shares)
    return through


def ranked(values: Floats) -> Floats:
    """The share of the others that each beats, row by row (draws, n), an equal counting half."""
    beaten = np.full(values.shape, -0.5)  # each is its own equal
    for other in values.T[:, :, np.newaxis]:
        beaten += np.where(values == other, 0.5, values > other)
    shares: Floats = beaten / (values.shape[1] - 1)
    return shares


def stretched(values: Floats) -> Floats:
    """Each row (draws, n) from 0 for its lowest to 1 for its highest; 1 where all are equal."""
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    shares: Floats = np.where(high > low, (values - low) / np.where(high > low, high - low, 1.0), 1.0)
    return shares


def refuse_bad_component(component: Component, n: int) -> None:
    """Raise BadSetting for a component that does not say how n players score."""
    say = f"component {component.name!r}: "
    if len(component.scores) != n or n == 0:
        raise BadSetting(f"{say}{len(component.scores)} scores do not fit {n} players")
    for number in (component.weight, *component.scores):
        if not (isinstance(number, Fraction) or (isinstance(number, Decimal) and number.is_finite())):
            raise BadSetting(f"{say}{number!r} is not a decimal number")
    if component.weight <= 0:
        raise BadSetting(f"{say}the weight {component.weight} is not positive")
    if component.normalisation not in ("points", "share", "min-max", "rank"):
        raise BadSetting(f"{say}{component.normalisation!r} is no normalisation")
    if component.normalisation == "rank" and n == 1:
        raise BadSetting(f"{say}one player has no rank among others")
    refuse_bad_range(component, say)
    refuse_bad_errors(component, n, say)


def refuse_bad_range(component: Component, say: str) -> None:
    """Raise BadSetting for scores out of their range, or a maximum where there is none."""
    maximum = component.maximum
    if (maximum is not None) != (component.normalisation == "share"):
        raise BadSetting(f'{say}a maximum belongs to "share", and to nothing else')
    if maximum is not None and not (isinstance(maximum, Decimal) and maximum.is_finite() and maximum > 0):
        raise BadSetting(f"{say}the maximum {maximum!r} is not a positive decimal number")
    top = component.weight if component.normalisation == "points" else maximum
    if top is not None and not all(0 <= score <= top for score in component.scores):
        raise BadSetting(f"{say}scores must lie between 0 and {top}")


def refuse_bad_errors(component: Component, n: int, say: str) -> None:
    """Raise BadSetting for errors that are none."""
    if component.covariance is None:
        return
    errors = np.asarray(component.covariance, dtype=np.float64)
    if errors.shape not in ((n,), (n, n)) or not np.isfinite(errors).all():
        raise BadSetting(f"{say}its errors must be numbers of the shape ({n},) or ({n}, {n})")
    own = errors if errors.ndim == 1 else np.diagonal(errors)
    if (own < 0).any() or (errors.ndim == 2 and not np.allclose(errors, errors.T)):
        raise BadSetting(f"{say}errors are not negative, and a covariance is symmetric")
