"""A call for one more model after a final round: who applies, who judges, how each of them voted, what came of it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Team, User
from inference.models import Entry
from leaderboard.models.rounds import Round


class Call(models.Model):
    """Teams that are out, or never were in, may apply from when to when, and a panel votes until. Never changed."""

    number = models.PositiveSmallIntegerField(unique=True)
    after = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="calls")
    places = models.PositiveSmallIntegerField(default=1, help_text="So many can be admitted at most.")
    text = models.TextField(help_text="Who is called and for what.")
    text_ko = models.TextField(blank=True)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    decides_at = models.DateTimeField(help_text="Until then the panel votes.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(places__gte=1), name="call_has_a_place"),
            models.CheckConstraint(condition=~Q(text=""), name="call_says_what_for"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at"), decides_at__gt=F("closes_at")), name="call_dates_in_order"
            ),
        ]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"Call {self.number}"

    @property
    def subject(self) -> str:
        """What the log of actions calls it."""
        return f"call {self.number}"


class Application(models.Model):
    """A team asks to be let in with one of its models. Never changed; a trigger refuses one out of the call's time."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="applications")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="applications")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="applications")
    statement = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Known to organizers only.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "team"], name="application_once_a_team"),
            models.CheckConstraint(condition=~Q(statement=""), name="application_says_why"),
        ]
        ordering = ["id"]


class Withdrawal(models.Model):
    """A team takes its application back: nobody votes on it any more, and it is read as withdrawn. Never changed."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="withdrawal")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Known to organizers only.")
    at = models.DateTimeField(db_default=Now())


class Panelist(models.Model):
    """Somebody who votes on the applications of a call, until another one is named instead. Never changed."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="panel")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="panels")
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    seated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "user"], name="panelist_once_a_call")]
        ordering = ["id"]


class PanelVerdict(models.TextChoices):
    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"


class PanelVote(models.Model):
    """What one of the panel says to one application, and why. One each, never changed; public once it is decided."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="votes")
    panelist = models.ForeignKey(Panelist, on_delete=models.PROTECT, related_name="votes")
    verdict = models.CharField(max_length=7, choices=PanelVerdict)
    reason = models.CharField(max_length=300)
    reason_ko = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "panelist"], name="panel_vote_once_each"),
            models.CheckConstraint(condition=Q(verdict__in=PanelVerdict.values), name="panel_verdict_is_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="panel_vote_has_its_reason"),
        ]
        ordering = ["id"]


class CallOutcome(models.Model):
    """What follows from the panel's votes: asked for by one organizer, and so when another one confirms it.

    It is confirmed or withdrawn once, and else never changed: a trigger refuses it.
    """

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="outcomes")
    admitted = models.JSONField(help_text="The applications that are admitted, by id. Empty: no one is.")
    into = models.ForeignKey(Round, on_delete=models.PROTECT, null=True, related_name="+")
    days = models.PositiveSmallIntegerField(default=0, help_text="By so many its end moves.")
    reason = models.CharField(max_length=300)
    reason_ko = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call"], condition=Q(withdrawn_by=None), name="outcome_stands_alone"),
            models.CheckConstraint(
                condition=Q(settled_at=None, confirmed_by=None, withdrawn_by=None)
                | Q(settled_at__isnull=False, confirmed_by__isnull=False, withdrawn_by=None)
                | Q(settled_at__isnull=False, confirmed_by=None, withdrawn_by__isnull=False),
                name="outcome_is_settled_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("asked_by")), name="outcome_is_of_two"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="outcome_has_its_reason"),
        ]
        ordering = ["id"]
