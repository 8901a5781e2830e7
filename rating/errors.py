"""What can be wrong with votes, files or settings. Each error is named after what happened."""


class RatingError(ValueError):
    """Anything this package refuses to compute; the message is one sentence for a person."""


class BadCounts(RatingError):
    """Votes that cannot be counted: a wrong shape, a negative or broken count, a player not on the board."""


class UnknownOutcome(RatingError):
    """An outcome that is none of a, b, tie and both_bad."""


class SelfBattle(RatingError):
    """A player set against itself."""


class BadWeight(RatingError):
    """A weight that is negative or no number, or not one for each vote."""


class BadFeatures(RatingError):
    """Style features that are no numbers, or not a row of them for each vote."""


class BadSetting(RatingError):
    """An argument out of its range: a negative prior, a level of 1.5."""


class Empty(RatingError):
    """A board without players."""


class Disconnected(RatingError):
    """Groups of players that never met, so that nothing compares them."""

    def __init__(self, components: tuple[tuple[int, ...], ...]) -> None:
        """components: player ids of each group, largest group first."""
        super().__init__(components)
        self.components = components

    def __str__(self) -> str:
        sizes = ", ".join(str(len(group)) for group in self.components[:5])
        more = ", …" if len(self.components) > 5 else ""
        return (
            f"{len(self.components)} groups of players never met (of {sizes}{more} players): "
            "nothing compares them, rate each alone"
        )


class NotConverged(RatingError):
    """The likelihood has no finite maximum, or the solver did not reach it."""


class BadGrounds(RatingError):
    """Grounds of a decision, or a decision, that contradict themselves or cannot be read."""


class BadFile(RatingError):
    """A file of ballots that cannot be read."""

    def __init__(self, path: str, row: int | None, why: str) -> None:
        """row: counted from 1 (a line; in arena JSON a pair of "X"); None where the whole file is meant."""
        super().__init__(path, row, why)
        self.path, self.row, self.why = path, row, why

    def __str__(self) -> str:
        return f"{self.path}: {self.why}" if self.row is None else f"{self.path}, row {self.row}: {self.why}"
