"""What a composite score is made of: who judges, whom they may not mark, and every mark with what shows it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Team, User
from leaderboard.models.participations import Participation
from leaderboard.models.rounds import Round


class Judge(models.Model):
    """Somebody who marks in a panel of a round. Never changed: a trigger refuses it.

    The public is told the name, the pseudonym or neither, as the rulebook says; the address is never told.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="judges")
    component = models.CharField(max_length=50, help_text="The panel's name in the rulebook.")
    name = models.CharField(max_length=80)
    pseudonym = models.CharField(max_length=80)
    email = models.EmailField(blank=True, help_text="Tells whether they belong to a team; never shown to the public.")
    account = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="judging")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", help_text="Null: a command.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "component", "name"], name="judge_name_once_a_panel"),
            models.UniqueConstraint(fields=["round", "component", "pseudonym"], name="judge_pseudonym_once_a_panel"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(pseudonym=""), name="judge_has_names"),
        ]
        ordering = ["id"]


class Conflict(models.Model):
    """A judge is too close to a team to mark its model. For good: a trigger refuses to change it."""

    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, related_name="conflicts")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="conflicts")
    reason = models.CharField(max_length=300, help_text="For organizers.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["judge", "team"], name="conflict_once_a_team")]
        ordering = ["id"]


class Mark(models.Model):
    """A mark of one entry in one component: of a test, by a judge, or as a whole. Never changed: a trigger refuses it.

    What is wrong is replaced by a new row that says why; without a value, the mark is taken back. The one that nothing
    replaces is in force. evidence: a list of {"url", "digest"}, see leaderboard/evidence.py.
    """

    part = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="marks")
    component = models.CharField(max_length=50)
    section = models.CharField(max_length=50, blank=True, help_text="The part of a benchmark.")
    test = models.CharField(max_length=50, blank=True)
    judge = models.ForeignKey(Judge, on_delete=models.PROTECT, null=True, related_name="marks")
    value = models.DecimalField(max_digits=9, decimal_places=4, null=True)
    error = models.DecimalField(max_digits=9, decimal_places=4, null=True, help_text="Its standard error, if known.")
    items = models.PositiveIntegerField(null=True, help_text="How many questions a test has, if known.")
    evidence = models.JSONField(default=list)
    source_digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file it was imported from.")
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    reason = models.CharField(max_length=300, blank=True, help_text="Why the mark before it did not stay.")
    reason_ko = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", help_text="Null: a command.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["part", "component", "section", "test"],
                condition=Q(replaces=None, judge=None),
                name="mark_once_an_entry",
            ),
            models.UniqueConstraint(
                fields=["part", "component", "judge"],
                condition=Q(replaces=None, judge__isnull=False),
                name="mark_once_a_judge",
            ),
            models.CheckConstraint(condition=Q(value=None) | Q(value__gte=0), name="mark_is_not_negative"),
            models.CheckConstraint(condition=Q(error=None) | Q(error__gte=0), name="mark_error_is_not_negative"),
            models.CheckConstraint(
                condition=Q(items=None) | Q(items__gte=1, error=None), name="mark_error_is_said_once"
            ),
            models.CheckConstraint(
                condition=Q(replaces=None, reason="", value__isnull=False) | Q(replaces__isnull=False) & ~Q(reason=""),
                name="mark_replaced_for_a_reason",
            ),
        ]
        ordering = ["id"]
