"""The components of a composite score, as a rulebook agrees on them: what each is, weighs, and how marks make it."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from leaderboard.rules import Exact, Rules, Slug, Title, TitleOrNone

Weight = Annotated[Exact, Field(gt=0)]


class Kind(StrEnum):
    BENCHMARK = "benchmark"
    EXPERTS = "experts"
    USERS = "users"
    ARENA = "arena"


class Normalisation(StrEnum):
    """How scores become points; see rating.Component."""

    POINTS = "points"
    SHARE = "share"
    MIN_MAX = "min-max"
    RANK = "rank"


class Named(Rules):
    """What is true of every component. The weight is how many points it can give, `places` those it is shown with."""

    name: Slug
    title: Title
    title_ko: TitleOrNone = ""
    weight: Weight
    places: Annotated[int, Field(ge=0, le=4)] = 1


class Marked(Named):
    """A component made of marks from 0 to a maximum, which is the weight unless it says otherwise."""

    normalisation: Normalisation = Normalisation.POINTS
    maximum: Weight | None = None

    @property
    def top(self) -> Decimal:
        """The highest score in this component."""
        return self.weight if self.maximum is None else self.maximum

    @model_validator(mode="after")
    def _points_are_points(self) -> "Marked":
        if self.normalisation == Normalisation.POINTS and self.top != self.weight:
            raise ValueError(f"{self.name}: its scores are points, so that its maximum is its weight")
        return self


class Part(Rules):
    """A part of a benchmark: tests that are the same for all or each team's own. Its score is their mean.

    points: how many of the benchmark's it can give; maximum: of one test's mark, the points unless it says otherwise.
    tests: their names; none for a single one.
    """

    name: Slug
    title: Title
    title_ko: TitleOrNone = ""
    points: Weight
    maximum: Weight | None = None
    tests: Annotated[tuple[Slug, ...], Field(max_length=100)] = ()
    own: bool = False
    """Each team brings tests of its own."""

    @property
    def top(self) -> Decimal:
        """The highest mark in one of its tests."""
        return self.points if self.maximum is None else self.maximum


class Benchmark(Marked):
    """Tests that are counted by machine. Without parts, one mark a model."""

    kind: Literal[Kind.BENCHMARK]
    parts: Annotated[tuple[Part, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _parts_make_the_whole(self) -> "Benchmark":
        refuse_twice(f"{self.name}.parts", [part.name for part in self.parts])
        for part in self.parts:
            refuse_twice(f"{self.name}.{part.name}.tests", part.tests)
        if self.parts and (whole := sum(part.points for part in self.parts)) != self.top:
            raise ValueError(f"{self.name}: its parts give {whole} points, and the whole is {self.top}")
        return self


class Panel(Marked):
    """People who mark: every judge each model, or the panel one mark a model.

    together: how the judges' marks become one: their mean, or the mean without the highest and the lowest. A judge with
    a conflict does not mark that model, and the others' marks make its score.
    told: what the public sees of judges: their names, pseudonyms, or only what all of them say together.
    """

    kind: Literal[Kind.EXPERTS, Kind.USERS]
    marks: Literal["judges", "panel"] = "judges"
    together: Literal["mean", "trimmed"] = "mean"
    fewest_judges: Annotated[int, Field(ge=1, le=1000)] = 3
    told: Literal["names", "pseudonyms", "mean"] = "pseudonyms"

    @model_validator(mode="after")
    def _some_are_left(self) -> "Panel":
        if self.together == "trimmed" and self.fewest_judges < 3:
            raise ValueError(f"{self.name}: without the highest and the lowest of fewer than 3 marks none is left")
        return self


class Arena(Named):
    """The ratings of the board. They have no maximum, so that the others' are what they are measured by."""

    kind: Literal[Kind.ARENA]
    normalisation: Literal[Normalisation.MIN_MAX, Normalisation.RANK] = Normalisation.MIN_MAX


Component = Annotated[Benchmark | Panel | Arena, Field(discriminator="kind")]


def refuse_bad_sum(components: Sequence[Benchmark | Panel | Arena], total: Decimal) -> None:
    """Raise ValueError for components that do not make one score."""
    refuse_twice("components", [one.name for one in components])
    if sum(one.kind == Kind.ARENA for one in components) > 1:
        raise ValueError("components: there is one board, so that the arena is one component at most")
    if (whole := sum(one.weight for one in components)) != total:
        raise ValueError(f"components: their weights add up to {whole}, and the whole is {total}")


def refuse_twice(where: str, names: Sequence[str]) -> None:
    """Raise ValueError where a name stands twice."""
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"{where}: {twice[0]} is named twice")
