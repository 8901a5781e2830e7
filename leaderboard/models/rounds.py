"""Rounds: their states, how they were moved, and their rulebooks."""

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from accounts.models import User
from arena.models import Gate, Terms


class Series(models.Model):
    """The boards of one round or of one import, in order."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    title_ko = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="Shown above the board, e.g. where votes come from.")
    note_ko = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.title


class RoundState(models.TextChoices):
    """Where a round stands. What leads from one to the next is in leaderboard/states.py, and nowhere else."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"
    TALLIED = "tallied"
    RUN_OFF = "run_off"
    PROVISIONAL = "provisional"
    APPEAL = "appeal"
    FINAL = "final"
    ANNULLED = "annulled"


UNOPENED = (RoundState.DRAFT, RoundState.SCHEDULED)  # no vote and no board yet


LIVE = (RoundState.OPEN, RoundState.FROZEN)  # votes come in


DECIDED = (RoundState.PROVISIONAL, RoundState.APPEAL, RoundState.FINAL)  # who is out is published


class Round(models.Model):
    """A stage of the contest: who is last when it closes is out. One is live, open or frozen, at a time.

    A run-off is a round as well: with the number of the round whose tie it breaks, and a leg of its own.

    Its rules are in its rulebook; the cut, the minimum and the freeze stand here as copies, for queries, and are
    written only together with a version of it.
    """

    number = models.PositiveSmallIntegerField()
    leg = models.PositiveSmallIntegerField(default=0, help_text="0: the round itself; from 1 on: its run-offs.")
    run_off_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="run_offs", help_text="Whose tie it breaks."
    )
    series = models.OneToOneField(Series, on_delete=models.PROTECT, related_name="round")
    gate = models.OneToOneField(Gate, on_delete=models.PROTECT, related_name="round")
    state = models.CharField(max_length=12, choices=RoundState, default=RoundState.DRAFT)
    draft = models.TextField(
        blank=True, help_text="The rulebook to be, as canonical JSON; once the round has opened, its versions count."
    )
    opens_at = models.DateTimeField()
    freezes_at = models.DateTimeField(null=True, blank=True, help_text="Null: the board does not freeze.")
    ends_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    appeals_end_at = models.DateTimeField(null=True, blank=True)
    hindrance = models.CharField(max_length=300, blank=True, help_text="Why the schedule could not go on.")
    cut_size = models.PositiveSmallIntegerField(default=1)
    minimum_votes = models.PositiveIntegerField(default=30, help_text="An entry with fewer is provisional.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "leg"], name="round_number_once_a_leg"),
            models.CheckConstraint(
                condition=Q(leg=0, run_off_of=None) | Q(leg__gte=1, run_off_of__isnull=False),
                name="round_with_a_leg_is_a_run_off",
            ),
            models.UniqueConstraint(
                fields=["run_off_of"], condition=~Q(state="annulled"), name="round_has_one_run_off_that_counts"
            ),
            models.CheckConstraint(condition=Q(state__in=RoundState.values), name="round_state_is_known"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("opens_at")), name="round_ends_after_it_opens"),
            models.CheckConstraint(
                condition=Q(freezes_at=None) | Q(freezes_at__gte=F("opens_at"), freezes_at__lt=F("ends_at")),
                name="round_freezes_between",
            ),
            models.UniqueConstraint(
                Case(When(state__in=["open", "frozen"], then=Value(1))), name="round_live_is_the_only_one"
            ),
        ]

    def __str__(self) -> str:
        words = f"round {self.number}"
        if not self.leg:
            return words.capitalize()
        return f"Run-off {self.leg} of {words}" if self.leg > 1 else f"Run-off of {words}"

    @property
    def key(self) -> str:
        """What addresses it; leaderboard/keys.py reads it."""
        return str(self.number) + "-run-off" * (self.leg > 0) + f"-{self.leg}" * (self.leg > 1)

    @property
    def subject(self) -> str:
        """What the log of actions calls it."""
        return f"round {self.key}"


class Actor(models.TextChoices):
    """Who moves a round: an organizer by their account, the clock, who may run commands on the machine; a run-off
    also the round whose tie it breaks, which takes it along."""

    ORGANIZER = "organizer"
    SCHEDULE = "schedule"
    COMMAND = "command"
    ROUND = "round"


class Transition(models.Model):
    """One step of a round: from where to where, when, by whom and why. Never changed: a trigger refuses it.

    The trigger also refuses a step that does not start where the last one ended.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="transitions")
    number = models.PositiveSmallIntegerField()
    from_state = models.CharField(max_length=12, choices=RoundState, blank=True, help_text="Empty: it began here.")
    to_state = models.CharField(max_length=12, choices=RoundState)
    at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True, help_text="When the schedule should have done it.")
    ends_at = models.DateTimeField(null=True, help_text="The end that the round was given with it.")
    actor = models.CharField(max_length=10, choices=Actor)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="transitions")
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="confirmed_transitions")
    reason = models.CharField(max_length=300, blank=True)
    reason_ko = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "number"], name="transition_number_once_a_round"),
            models.CheckConstraint(condition=Q(to_state__in=RoundState.values), name="transition_to_a_known_state"),
            models.CheckConstraint(
                condition=Q(actor="organizer", by__isnull=False)
                | Q(actor__in=["schedule", "command", "round"], by=None),
                name="transition_actor_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(to_state__in=["final", "annulled"])
                | Q(actor="round")
                | Q(by__isnull=False, confirmed_by__isnull=False) & ~Q(by=F("confirmed_by")),
                name="transition_for_good_is_of_two",
            ),
        ]
        ordering = ["round", "number"]


class Proposal(models.Model):
    """A step that cannot be undone, asked for by one organizer; it is taken when another one confirms it."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="proposals")
    from_state = models.CharField(max_length=12, choices=RoundState)
    to_state = models.CharField(max_length=12, choices=RoundState)
    reason = models.CharField(max_length=300)
    reason_ko = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="proposals")
    asked_at = models.DateTimeField(db_default=Now())
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="withdrawn_proposals")
    transition = models.OneToOneField(Transition, on_delete=models.PROTECT, null=True, related_name="proposal")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["round"], condition=Q(withdrawn_by=None, transition=None), name="proposal_waits_alone"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by=None) | Q(transition=None), name="proposal_withdrawn_is_not_taken"
            ),
        ]


class RulebookVersion(models.Model):
    """A round's rules from when it was written until the next version. Never changed: a trigger refuses it."""

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="rulebooks")
    version = models.PositiveSmallIntegerField()
    content = models.TextField(help_text="Canonical JSON, exactly as the digest was made of it.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content, in hexadecimal.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why the version before it did not stay.")
    reason_ko = models.CharField(max_length=300, blank=True)
    terms = models.OneToOneField(Terms, on_delete=models.PROTECT, related_name="rulebook")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["round", "version"], name="rulebook_version_once_a_round"),
            models.CheckConstraint(
                condition=Q(version=1, reason="") | Q(version__gt=1) & ~Q(reason=""),
                name="rulebook_amended_for_a_reason",
            ),
        ]
