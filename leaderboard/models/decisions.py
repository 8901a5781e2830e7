"""What was decided about a round, edition by edition."""

import json
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from leaderboard.models.appeals import Ruling
from leaderboard.models.boards import Board
from leaderboard.models.rounds import Round


class Cause(models.TextChoices):
    """Why a decision was made: the result was published, or a ruling on an appeal amended it."""

    PUBLISHED = "published"
    RULING = "ruling"


class Decision(models.Model):
    """Who is out by a round, with everything it rests on. Never changed: a trigger refuses it.

    An amendment is the next edition. The newest is in force as long as the round's result is published.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="decisions")
    edition = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=10, choices=Cause)
    ruling = models.ForeignKey(
        Ruling, on_delete=models.PROTECT, null=True, related_name="decisions", help_text="By which it was amended."
    )
    board = models.ForeignKey(Board, on_delete=models.PROTECT, related_name="decisions")
    position = models.PositiveBigIntegerField(help_text="The last vote it knows.")
    grounds = models.TextField(help_text="rating.Grounds as canonical JSON.")
    content = models.TextField(help_text="rating.Decision as canonical JSON, which says who is out and why.")
    scores = models.TextField(
        blank=True,
        help_text="The composite's scores and marks as everybody is told them with it, as JSON; empty where there are "
        "none, and of before they were kept.",
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content, in hexadecimal.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "edition"], name="decision_edition_once_a_round"),
            models.UniqueConstraint(
                fields=["ruling"], condition=Q(ruling__isnull=False), name="decision_once_a_ruling"
            ),
            models.CheckConstraint(condition=Q(edition__gte=1), name="decision_editions_count_from_one"),
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="decision_cause_is_known"),
        ]
        ordering = ["round", "edition"]

    def told(self) -> dict[str, Any]:
        """The content, as data."""
        found: dict[str, Any] = json.loads(self.content)
        return found

    def told_grounds(self) -> dict[str, Any]:
        """The grounds, as data."""
        found: dict[str, Any] = json.loads(self.grounds)
        return found
