"""What went wrong while the contest ran, as its organizers tell everybody."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from leaderboard.models.rounds import Round


class Incident(models.Model):
    """Something that happened, from when to when, and what was done. Never changed: a trigger refuses it.

    What has to be added is another one.
    """

    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, null=True, related_name="incidents", help_text="Null: the site as a whole."
    )
    what = models.TextField(help_text="What happened.")
    what_ko = models.TextField(blank=True)
    done = models.TextField(blank=True, help_text="What was done about it.")
    done_ko = models.TextField(blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="Null: it goes on.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(what=""), name="incident_says_what"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at")), name="incident_ends_after_it_began"
            ),
        ]
        ordering = ["id"]
