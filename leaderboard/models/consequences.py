"""What a final result has done to servers and tokens, so that it can be taken back exactly."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Team
from inference.models import Entry, Worker
from leaderboard.models.rounds import Round


class Effect(models.TextChoices):
    """Drained: a worker left service. Dealt: places on its machine passed to it. Read-only: a team's tokens."""

    DRAINED = "drained"
    DEALT = "dealt"
    READ_ONLY = "read_only"


class Consequence(models.Model):
    """One thing that a round's final result did, until it is taken back. Else never changed: a trigger refuses it.

    The worker may be deleted since: then its address still says which it was.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="consequences")
    effect = models.CharField(max_length=9, choices=Effect)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="consequences")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="consequences")
    worker = models.ForeignKey(Worker, on_delete=models.SET_NULL, null=True, related_name="consequences")
    url = models.URLField(blank=True, help_text="The worker's address then.")
    places = models.PositiveSmallIntegerField(default=0, help_text="Replies at once that it got.")
    at = models.DateTimeField(db_default=Now())
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(effect__in=Effect.values), name="consequence_is_known"),
            models.CheckConstraint(
                condition=Q(effect="read_only", entry=None, url="", places=0)
                | Q(effect="drained", entry__isnull=False, places=0) & ~Q(url="")
                | Q(effect="dealt", entry__isnull=False, places__gte=1) & ~Q(url=""),
                name="consequence_says_what_it_did",
            ),
            models.UniqueConstraint(
                fields=["worker"], condition=Q(effect="drained", taken_back_at=None), name="consequence_drains_once"
            ),
            models.UniqueConstraint(
                fields=["round", "worker"],
                condition=Q(effect="dealt", taken_back_at=None),
                name="consequence_deals_once",
            ),
            models.UniqueConstraint(
                fields=["team"], condition=Q(effect="read_only", taken_back_at=None), name="consequence_shuts_once"
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at=None) | Q(taken_back_at__gte=F("at")), name="consequence_ends_after_it_began"
            ),
        ]
        ordering = ["id"]
