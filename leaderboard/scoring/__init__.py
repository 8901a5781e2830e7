"""Composite scores: who judges, the marks that are entered, and what they add up to."""
