"""What the rating engine promises of chance, tried on contests whose truth is known.

Prints the tables that docs/rating.md quotes, the same every time, and ends with status 1 if a goal is missed.
Run: python -m benchmarks.simulation [--quick] [--only NAME …]
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

# Matrices are small: threads cost more than they bring, and two processes fill two cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from benchmarks.simulations.coverage import coverage
from benchmarks.simulations.cuts import cuts
from benchmarks.simulations.designs import designs
from benchmarks.simulations.locks import locks
from benchmarks.simulations.ranks import ranks
from benchmarks.simulations.tables import Row, Table, Work, shown

SEED = 20260301
PROCESSES = 2
QUICK = 0.02  # of the boards
TABLES: dict[str, Callable[[float], Table]] = {
    "coverage": coverage,
    "ranks": ranks,
    "cuts": cuts,
    "locks": locks,
    "designs": designs,
}


def computed(work: Work, seed: Sequence[int]) -> Row:
    """A row, by a generator that no other row has."""
    return work(np.random.default_rng(seed))


def simulated(tables: dict[str, Table], processes: int = PROCESSES) -> Iterator[tuple[Table, list[Row]]]:
    """Each table with its rows, which several processes compute side by side."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        # A row's seed depends on its table's name and its place, not on which tables are asked for.
        pending = [
            (
                table,
                [pool.submit(computed, work, [SEED, *name.encode(), place]) for place, work in enumerate(table.rows)],
            )
            for name, table in tables.items()
        ]
        for table, rows in pending:
            yield table, [row.result() for row in rows]


def main(arguments: Sequence[str] | None = None, tables: Mapping[str, Callable[[float], Table]] = TABLES) -> int:
    """Print the tables; returns the exit status, 1 if a goal is missed by the whole simulation."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description="What docs/rating.md quotes.")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the boards: a look, no judgement")
    parser.add_argument("--only", choices=list(tables), nargs="+", default=list(tables), help="these tables")
    asked = parser.parse_args(arguments)
    start, missed = time.monotonic(), 0
    for table, rows in simulated({name: tables[name](QUICK if asked.quick else 1.0) for name in asked.only}):
        print(shown(table, rows), end="\n\n", flush=True)
        missed += sum(len(row.missed) for row in rows)
    print(f"{missed} goals missed; {time.monotonic() - start:.0f} s", file=sys.stderr)
    return 1 if missed and not asked.quick else 0


if __name__ == "__main__":
    sys.exit(main())
