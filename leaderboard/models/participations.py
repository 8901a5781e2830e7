"""Who takes part in a round, and what has become of them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Team, User
from inference.models import Entry
from leaderboard.models.rounds import Round


class ParticipationRole(models.TextChoices):
    """How an entry came into a round. It never changes there: a reference cannot become one who competes."""

    CONTESTANT = "contestant"
    WILDCARD = "wildcard"
    REFERENCE = "reference"


class ParticipationState(models.TextChoices):
    """What has become of it. A reference "competes" too, in the sense that it is drawn; the cut is not about it."""

    COMPETING = "competing"
    ELIMINATED = "eliminated"
    DISQUALIFIED = "disqualified"
    WITHDRAWN = "withdrawn"
    SUSPENDED = "suspended"


TAKES_PART = (ParticipationState.COMPETING, ParticipationState.SUSPENDED)  # now, or again


class Participation(models.Model):
    """An entry's part in a round. Its state is written by leaderboard/participations.py alone."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="participations")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="participations")
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, related_name="participations", help_text="The entry's, for the constraint."
    )
    role = models.CharField(max_length=10, choices=ParticipationRole, default=ParticipationRole.CONTESTANT)
    state = models.CharField(max_length=12, choices=ParticipationState, default=ParticipationState.COMPETING)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "entry"], name="participation_once_a_round"),
            # Who was replaced or suspended stands beside who competes now.
            models.UniqueConstraint(
                fields=["round", "team"],
                condition=Q(state__in=["competing", "eliminated"], role__in=["contestant", "wildcard"]),
                name="participation_of_one_entry_a_team",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ParticipationState.values), name="participation_state_is_known"
            ),
            models.CheckConstraint(condition=Q(role__in=ParticipationRole.values), name="participation_role_is_known"),
            models.CheckConstraint(
                condition=~Q(role="reference", state="eliminated"), name="participation_of_a_reference_is_never_cut"
            ),
        ]


class ParticipationChange(models.Model):
    """A participation began or changed its state: who did it, when and why. Never changed: a trigger refuses it."""

    participation = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="changes")
    before = models.CharField(max_length=12, choices=ParticipationState, blank=True, help_text="Empty: it began.")
    after = models.CharField(max_length=12, choices=ParticipationState)
    reason = models.CharField(max_length=300, blank=True, help_text="Public. Empty where the rules alone decided.")
    reason_ko = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, help_text="Null: a command, or the site itself.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(before="") | Q(before__in=ParticipationState.values), name="change_from_a_known_state"
            ),
            models.CheckConstraint(condition=Q(after__in=ParticipationState.values), name="change_to_a_known_state"),
            models.CheckConstraint(condition=~Q(before=F("after")), name="change_of_something"),
        ]
        ordering = ["id"]
