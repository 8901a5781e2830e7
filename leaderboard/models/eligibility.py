"""Whether an entry may compete at all, apart from its score: what is alleged, what is answered, what is found."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Team, User
from inference.models import Entry
from leaderboard.models.participations import Participation, ParticipationChange
from leaderboard.models.rounds import Round

HIDDEN_DAYS = 30  # as long as a rights notice may hide what it is about


class Axis(models.TextChoices):
    """What is looked at: where the model comes from, what the rules of the contest say, what is right."""

    TECHNICAL = "technical"
    POLICY = "policy"
    ETHICAL = "ethical"


class Source(models.TextChoices):
    """Who alleges: an organizer, a team that competes, or somebody else, whose word an organizer enters."""

    ORGANIZER = "organizer"
    TEAM = "team"
    PUBLIC = "public"


class AllegationState(models.TextChoices):
    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


class Outcome(models.TextChoices):
    """What a review found. Under conditions an entry competes; who failed does not."""

    PASSED = "passed"
    CONDITIONAL = "conditional"
    FAILED = "failed"


class Allegation(models.Model):
    """Somebody says that an entry may not compete. Public, and never changed: a trigger refuses it.

    It is open until its changes say otherwise. Evidence: a list of {"url", "digest"}, see leaderboard/evidence.py.
    """

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="allegations")
    round = models.ForeignKey(
        Round, on_delete=models.PROTECT, related_name="allegations", help_text="In which it was raised."
    )
    axis = models.CharField(max_length=9, choices=Axis)
    text = models.TextField()
    text_ko = models.TextField(blank=True)
    evidence = models.JSONField(default=list)
    source = models.CharField(max_length=9, choices=Source)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, related_name="allegations", help_text="Whose it is, if a team's."
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Who entered it.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(axis__in=Axis.values), name="allegation_axis_is_known"),
            models.CheckConstraint(
                condition=Q(source="team", team__isnull=False) | Q(source__in=["organizer", "public"], team=None),
                name="allegation_source_is_known",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="allegation_says_something"),
        ]
        ordering = ["id"]


class AllegationChange(models.Model):
    """What became of an allegation: by whom, when and why. Never changed: a trigger refuses it."""

    allegation = models.ForeignKey(Allegation, on_delete=models.PROTECT, related_name="changes")
    number = models.PositiveSmallIntegerField()
    before = models.CharField(max_length=9, choices=AllegationState)
    after = models.CharField(max_length=9, choices=AllegationState)
    reason = models.CharField(max_length=300)
    reason_ko = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # Two organizers at once: the second finds its number taken.
            models.UniqueConstraint(fields=["allegation", "number"], name="allegation_change_number_once"),
            models.CheckConstraint(
                condition=Q(before__in=AllegationState.values, after__in=AllegationState.values)
                & ~Q(before=F("after")),
                name="allegation_change_of_a_known_state",
            ),
        ]
        ordering = ["id"]


class Rebuttal(models.Model):
    """What the entry's team says to an allegation. Public, and never changed: a trigger refuses it."""

    allegation = models.ForeignKey(Allegation, on_delete=models.PROTECT, related_name="rebuttals")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    text_ko = models.TextField(blank=True)
    evidence = models.JSONField(default=list)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", help_text="Known to organizers only.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="rebuttal_says_something")]
        ordering = ["id"]


class Hiding(models.Model):
    """A rights notice: for some days nobody is shown what an allegation says. Never changed: a trigger refuses it.

    That it is hidden, for how long and why, everybody sees. 0 days: it is shown again before the time.
    """

    allegation = models.ForeignKey(Allegation, on_delete=models.PROTECT, related_name="hidings")
    days = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300)
    reason_ko = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(days__lte=HIDDEN_DAYS), name="hiding_has_its_end"),
            # Else one notice after the other would hide it for good.
            models.UniqueConstraint(fields=["allegation"], condition=Q(days__gt=0), name="hiding_once"),
            models.UniqueConstraint(fields=["allegation"], condition=Q(days=0), name="hiding_ended_once"),
        ]
        ordering = ["id"]


class EligibilityVerdict(models.Model):
    """What a review of an entry found in a round, on one axis. Never changed: a trigger refuses it.

    The newest stands; it names why the one before it does not. Who fails is out by the word of two.
    """

    part = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="verdicts")
    axis = models.CharField(max_length=9, choices=Axis)
    number = models.PositiveSmallIntegerField(help_text="1 for the first on this axis.")
    outcome = models.CharField(max_length=11, choices=Outcome)
    reason = models.CharField(max_length=300)
    reason_ko = models.CharField(max_length=300, blank=True)
    findings = models.TextField(blank=True, help_text="In full, where one line is not enough.")
    findings_ko = models.TextField(blank=True)
    why_anew = models.CharField(max_length=300, blank=True, help_text="Why the verdict before it does not stand.")
    why_anew_ko = models.CharField(max_length=300, blank=True)
    evidence = models.JSONField(default=list)
    reviewer = models.CharField(max_length=120, blank=True, help_text="Who looked into it. Blank: the organizers.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["part", "axis", "number"], name="eligibility_verdict_number_once"),
            models.CheckConstraint(
                condition=Q(axis__in=Axis.values, outcome__in=Outcome.values), name="eligibility_verdict_is_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="eligibility_verdict_has_its_reason"),
            models.CheckConstraint(
                condition=Q(number=1, why_anew="") | Q(number__gt=1) & ~Q(why_anew=""),
                name="eligibility_verdict_anew_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="failed") | Q(confirmed_by__isnull=False) & ~Q(by=F("confirmed_by")),
                name="eligibility_verdict_that_fails_is_of_two",
            ),
        ]
        ordering = ["id"]


class VerdictProposal(models.Model):
    """A verdict that needs two, asked for by one organizer; it is given when another one confirms it."""

    part = models.ForeignKey(Participation, on_delete=models.PROTECT, related_name="verdict_proposals")
    axis = models.CharField(max_length=9, choices=Axis)
    said = models.JSONField(help_text="What the verdict would say, as leaderboard/verdicts.py writes it.")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now())
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    verdict = models.OneToOneField(EligibilityVerdict, on_delete=models.PROTECT, null=True, related_name="proposal")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["part", "axis"],
                condition=Q(withdrawn_by=None, verdict=None),
                name="verdict_proposal_waits_alone",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by=None) | Q(verdict=None), name="verdict_proposal_withdrawn_is_not_given"
            ),
        ]


class Exclusion(models.Model):
    """The gate took an entry out of a round: the change in its log, and for which verdict. Never changed."""

    change = models.OneToOneField(ParticipationChange, on_delete=models.PROTECT, related_name="exclusion")
    verdict = models.ForeignKey(EligibilityVerdict, on_delete=models.PROTECT, related_name="exclusions")
