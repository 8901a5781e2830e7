"""Votes made elsewhere."""

from django.db import models
from django.db.models import F, Q

from leaderboard.models.rounds import Series


class ImportedBallot(models.Model):
    """Votes made elsewhere, as they were published: one vote with its voter, or a count of equal ones."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="imported_ballots")
    line = models.PositiveIntegerField(help_text="Where it stands in the file, from 1.")
    first = models.CharField(max_length=120)
    second = models.CharField(max_length=120)
    winner = models.CharField(max_length=8)
    voter = models.CharField(max_length=64, blank=True)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "line", "winner"], name="imported_line_once_a_series"),
            models.CheckConstraint(
                condition=Q(winner__in=["a", "b", "tie", "both_bad"]), name="imported_winner_is_known"
            ),
            models.CheckConstraint(condition=Q(count__gte=1), name="imported_count_is_positive"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="imported_ballot_of_two"),
        ]
