"""How far the reading of a large file is, on stderr."""

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TextIO

LARGE = 1_000_000  # rows; smaller files are read before anybody wonders


class Progress(AbstractContextManager["Progress"]):
    """Called with the rows read so far and their share of the file; shows a bar if the file is a large one.

    The bar is tqdm's where that is installed. Otherwise, a line is written at every tenth.
    """

    def __init__(self, name: str, into: TextIO | None = None) -> None:
        self.name, self.into = name, into or sys.stderr
        self.bar: Any = None
        self.tenths = 0

    def __call__(self, rows: int, share: float) -> None:
        expected = max(rows, round(rows / share)) if share > 0 else rows
        if expected <= LARGE:
            return
        if self.bar is None and not self.tenths:
            self.bar = bar_of(self.name, expected, self.into)
        if self.bar is not None:
            self.bar.total = expected
            self.bar.update(rows - self.bar.n)
        elif int(share * 10) > self.tenths:
            self.tenths = int(share * 10)
            print(f"{self.name}: {rows:,} rows, {share:.0%}", file=self.into)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()


def bar_of(name: str, expected: int, into: TextIO) -> Any:
    """A bar on stderr, None without tqdm. Where no terminal redraws it, it is written seldom and in plain letters."""
    try:
        from tqdm import tqdm  # noqa: PLC0415  an extra
    except ImportError:
        return None
    seen = into.isatty()
    return tqdm(
        desc=name,
        total=expected,
        unit=" rows",
        file=into,
        ascii=not seen,
        mininterval=0.1 if seen else 10,
    )
