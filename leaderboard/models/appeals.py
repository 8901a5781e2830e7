"""Appeals against a round's result, what was sent with them, and what was ruled on them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Team, User
from leaderboard.models.eligibility import Axis, EligibilityVerdict, Outcome
from leaderboard.models.participations import Participation
from leaderboard.models.rounds import Round


class Ground(models.TextChoices):
    """What a team holds to be wrong."""

    COUNTING = "counting"
    SCORING = "scoring"
    ELIGIBILITY = "eligibility"
    PROCEDURE = "procedure"
    CONDUCT = "conduct"


class Appeal(models.Model):
    """A team's appeal against a round's result. It waits until it is ruled on or withdrawn.

    Never changed but for that, and that only once: a trigger refuses anything else.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="appeals")
    number = models.PositiveSmallIntegerField(help_text="In the round, from 1, in the order of filing.")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="appeals")
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="appeals")
    ground = models.CharField(max_length=12, choices=Ground)
    text = models.TextField(help_text="What was wrong. Public once it is ruled on.")
    asks = models.TextField(help_text="What the team asks for. Public once it is ruled on.")
    evidence = models.JSONField(default=list, help_text="Addresses on the web, each with a digest or without.")
    filed_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, help_text="When it was ruled on or withdrawn. Null: it waits.")
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="withdrawn_appeals")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="appeal_number_once_a_round"),
            # Of a double click the second finds the first.
            models.UniqueConstraint(
                fields=["round", "team", "ground"],
                condition=Q(settled_at=None),
                name="appeal_waits_once_a_team_and_ground",
            ),
            models.CheckConstraint(condition=Q(ground__in=Ground.values), name="appeal_ground_is_known"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(asks=""), name="appeal_says_something"),
            models.CheckConstraint(
                condition=Q(withdrawn_by=None) | Q(settled_at__isnull=False), name="appeal_withdrawn_is_settled"
            ),
        ]
        ordering = ["round", "number"]

    @property
    def waits(self) -> bool:
        return self.settled_at is None


class AppealFile(models.Model):
    """A small file that was sent with an appeal, for its team and the organizers. Never changed: a trigger refuses it.

    It is kept in the database, so that a backup has it and nothing can be asked for by its path.
    """

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="files")
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content, in hexadecimal.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appeal", "number"], name="appeal_file_number_once_an_appeal"),
            models.CheckConstraint(condition=Q(size__gte=1), name="appeal_file_holds_something"),
        ]
        ordering = ["appeal", "number"]


class RulingOutcome(models.TextChoices):
    GRANTED = "granted"
    PARTLY = "partly"
    DISMISSED = "dismissed"


class RulingEffect(models.TextChoices):
    """What a ruling does to the result."""

    NONE = "none"
    RECOMPUTE = "recompute"
    REINSTATE = "reinstate"
    VERDICT = "verdict"
    RE_RUN = "re_run"


class Ruling(models.Model):
    """What one organizer proposes to rule on an appeal; in force once another one has confirmed it.

    Never changed but for being confirmed or withdrawn, and that only once: a trigger refuses anything else.
    """

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="rulings")
    outcome = models.CharField(max_length=10, choices=RulingOutcome)
    effect = models.CharField(max_length=10, choices=RulingEffect, default=RulingEffect.NONE)
    part = models.ForeignKey(
        Participation,
        on_delete=models.PROTECT,
        null=True,
        related_name="rulings",
        help_text="Which is reinstated, or judged anew.",
    )
    was = models.CharField(
        max_length=12, blank=True, help_text="What it was before it is reinstated: eliminated or disqualified."
    )
    in_its_place = models.BooleanField(default=False, help_text="Whether the next one goes out instead of it.")
    axis = models.CharField(max_length=9, choices=Axis, blank=True, help_text="On which it is judged anew.")
    finding = models.CharField(max_length=11, choices=Outcome, blank=True, help_text="How it is judged anew.")
    verdict = models.OneToOneField(
        EligibilityVerdict,
        on_delete=models.PROTECT,
        null=True,
        related_name="ruling",
        help_text="As it was given when the ruling was confirmed.",
    )
    reasons = models.TextField(help_text="Public, in English.")
    reasons_ko = models.TextField(blank=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="proposed_rulings")
    proposed_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="confirmed_rulings")
    confirmed_at = models.DateTimeField(null=True)
    after_step = models.PositiveSmallIntegerField(
        null=True, help_text="The round's last step when it was confirmed; a re-run is carried out by a later one."
    )
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="withdrawn_rulings")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appeal"], condition=Q(withdrawn_by=None), name="ruling_stands_alone_on_its_appeal"
            ),
            models.CheckConstraint(condition=Q(outcome__in=RulingOutcome.values), name="ruling_outcome_is_known"),
            models.CheckConstraint(condition=Q(effect__in=RulingEffect.values), name="ruling_effect_is_known"),
            models.CheckConstraint(condition=~Q(reasons=""), name="ruling_has_reasons"),
            models.CheckConstraint(
                condition=~Q(outcome="dismissed") | Q(effect="none"), name="ruling_dismissed_has_no_effect"
            ),
            models.CheckConstraint(
                condition=Q(effect="reinstate", part__isnull=False, was="eliminated")
                | Q(effect="reinstate", part__isnull=False, was="disqualified", in_its_place=False)
                | Q(effect="verdict", part__isnull=False, was="", in_its_place=False)
                | ~Q(effect__in=["reinstate", "verdict"]) & Q(part=None, was="", in_its_place=False),
                name="ruling_is_about_somebody_or_not",
            ),
            models.CheckConstraint(
                condition=Q(effect="verdict", axis__in=Axis.values, finding__in=Outcome.values)
                & (Q(confirmed_by=None, verdict=None) | Q(confirmed_by__isnull=False, verdict__isnull=False))
                | ~Q(effect="verdict") & Q(axis="", finding="", verdict=None),
                name="ruling_judges_anew_or_not",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None, after_step=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, after_step__isnull=False)
                & Q(withdrawn_by=None)
                & ~Q(confirmed_by=F("proposed_by")),
                name="ruling_in_force_is_of_two",
            ),
        ]
        ordering = ["id"]

    @property
    def waits(self) -> bool:
        return self.confirmed_by_id is None and self.withdrawn_by_id is None


class Dissent(models.Model):
    """An organizer of the panel thinks otherwise, and says why. Published with the ruling; a trigger keeps it."""

    ruling = models.ForeignKey(Ruling, on_delete=models.PROTECT, related_name="dissents")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="dissents")
    words = models.TextField(help_text="Public, in English.")
    words_ko = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ruling", "by"], name="dissent_once_of_each"),
            models.CheckConstraint(condition=~Q(words=""), name="dissent_says_something"),
        ]
        ordering = ["id"]
