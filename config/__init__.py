"""Wires the site together. Nothing imports this package but itself and the commands that start it."""

import os

# A rating is a small problem: more threads only wait for each other, and take the cores from the streams.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
