"""The contest: rounds, who takes part, and the boards the votes make."""

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from accounts.models import Team, User
from arena.models import Gate, Terms
from inference.models import Entry


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
    PROVISIONAL = "provisional"
    APPEAL = "appeal"
    FINAL = "final"
    ANNULLED = "annulled"


UNOPENED = (RoundState.DRAFT, RoundState.SCHEDULED)  # no vote and no board yet
LIVE = (RoundState.OPEN, RoundState.FROZEN)  # votes come in
DECIDED = (RoundState.PROVISIONAL, RoundState.APPEAL, RoundState.FINAL)  # who is out is published


class Round(models.Model):
    """A stage of the contest: who is last when it closes is out. One is live, open or frozen, at a time.

    Its rules are in its rulebook; the cut, the minimum and the freeze stand here as copies, for queries, and are
    written only together with a version of it.
    """

    number = models.PositiveSmallIntegerField(unique=True)
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
        return f"Round {self.number}"

    @property
    def subject(self) -> str:
        """What the log of actions calls it."""
        return f"round {self.number}"


class Actor(models.TextChoices):
    """Who moves a round: an organizer by their account, the clock, or who may run commands on the machine."""

    ORGANIZER = "organizer"
    SCHEDULE = "schedule"
    COMMAND = "command"


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
                condition=Q(actor="organizer", by__isnull=False) | Q(actor__in=["schedule", "command"], by=None),
                name="transition_actor_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(to_state__in=["final", "annulled"])
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


class Folded(models.Model):
    """What a series' votes add up to, up to a position: the state from which the next fold goes on."""

    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="folded")
    position = models.PositiveBigIntegerField(default=0)
    slugs = models.JSONField(default=list, help_text="The players in the order of the state's.")
    state = models.BinaryField(
        default=bytes,
        help_text="rating.Running's arrays, see leaderboard/counting.py. Empty: made from the votes.",
    )
    by_category = models.BinaryField(
        default=bytes, help_text="Counts, see leaderboard/categories.py. Empty: made from the votes."
    )


class Board(models.Model):
    """The ranking of a series as of a position. Never changed; the next one has the next number."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="boards")
    number = models.PositiveIntegerField()
    position = models.PositiveBigIntegerField(help_text="The last vote it knows.")
    votes = models.PositiveBigIntegerField(help_text="Counted votes.")
    parameters = models.JSONField(default=dict, help_text="How it was rated, as `python -m rating fit --config` reads.")
    outlook = models.JSONField(null=True, help_text="How sure its line is; see leaderboard/outlook.py. Null: no line.")
    since = models.DateField(
        null=True, help_text="The official list that its changes are told against. Null: none yet."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "number"], name="board_number_once_a_series")]


class StyleBoard(models.Model):
    """A series' ratings as of a position, without the looks of answers; see leaderboard/style.py. Never changed."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="style_boards")
    position = models.PositiveBigIntegerField(help_text="The last vote it knows.")
    content = models.JSONField(help_text="The votes it rests on, what looks are worth, and the standings.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "position"], name="style_board_once_a_position")]


class ByCategory(models.Model):
    """An edition's standings by the kind of question, see leaderboard/categories.py. Never changed."""

    board = models.OneToOneField(Board, on_delete=models.CASCADE, primary_key=True, related_name="by_category")
    content = models.JSONField(help_text="Of each category its votes and its standings; null: too few to say.")
    style = models.ForeignKey(
        StyleBoard, on_delete=models.PROTECT, null=True, related_name="+", help_text="The newest when it was published."
    )


class Margin(models.Model):
    """The fewest voters found without whom a series' cut would be another, as of a position. Written over."""

    series = models.OneToOneField(Series, on_delete=models.CASCADE, primary_key=True, related_name="margin")
    position = models.PositiveBigIntegerField(help_text="The last vote it knows.")
    voters = models.PositiveIntegerField(null=True, help_text="Null: none were found.")


class OfficialList(models.Model):
    """The board that stood at a midnight in Seoul: the official list of the day that began. Never changed."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="lists")
    date = models.DateField()
    board = models.ForeignKey(Board, on_delete=models.PROTECT, related_name="lists")
    # Of the newest board of then, which may be ahead of what is public: told once the public board has come so far.
    votes = models.PositiveBigIntegerField(help_text="Counted votes by that midnight.")
    position = models.PositiveBigIntegerField(help_text="The last vote by that midnight.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "date"], name="official_list_once_a_day")]
        ordering = ["date"]


class Freeze(models.Model):
    """What the public is shown of a round while its board stands still: as it was when the board froze.

    It stands from the freeze until the result is published, and is gone after that.
    """

    round = models.OneToOneField(Round, on_delete=models.PROTECT, related_name="freeze")
    board = models.OneToOneField(Board, on_delete=models.PROTECT, related_name="freeze")
    exposure = models.JSONField(help_text="As leaderboard/exposure.py told it.")


class Status(models.TextChoices):
    """What a standing means for the cut. `ranked` is for boards without one; the last four are not ranked."""

    SAFE = "safe"
    AT_RISK = "at_risk"
    IN_DANGER = "in_danger"
    LOCKED_OUT = "locked_out"
    PROVISIONAL = "provisional"
    ELIMINATED = "eliminated"
    RANKED = "ranked"
    REFERENCE = "reference"
    WITHDRAWN = "withdrawn"
    DISQUALIFIED = "disqualified"
    SUSPENDED = "suspended"


BESIDE = (Status.REFERENCE, Status.WITHDRAWN, Status.DISQUALIFIED, Status.SUSPENDED)
"""Rated and never ranked: the cut is not about them."""


class Standing(models.Model):
    """One line of a board. The entry is null for imported votes; ratings are Elo points."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="standings")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, related_name="standings")
    slug = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    joined = models.BooleanField(default=False, help_text="Whether a chain of votes joins it to most of the others.")
    rank = models.PositiveIntegerField(
        null=True, help_text="Among those who compete. Null: not joined, or beside them."
    )
    rank_low = models.PositiveIntegerField(null=True, help_text="The best rank the votes leave open, at 95 % for all.")
    rank_high = models.PositiveIntegerField(null=True, help_text="The worst rank the votes leave open.")
    rating = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    votes = models.PositiveBigIntegerField()
    p_cut = models.FloatField(null=True, help_text="How likely it is truly among those whom the cut would take.")
    percent = models.FloatField(
        null=True, help_text="Its expected score against the reference, in percent of one half."
    )
    percent_low = models.FloatField(null=True)
    percent_high = models.FloatField(null=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.RANKED)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rank=None) | Q(joined=True), name="standing_ranked_is_joined"),
            models.CheckConstraint(
                condition=Q(rank=None, p_cut=None) | ~Q(status__in=BESIDE), name="standing_beside_has_no_rank"
            ),
            models.CheckConstraint(
                condition=Q(percent=None, percent_low=None, percent_high=None)
                | Q(
                    percent_low__gte=0,
                    percent_low__lte=F("percent"),
                    percent_high__gte=F("percent"),
                    percent_high__lte=200,
                ),
                name="standing_percent_within_interval",
            ),
            models.UniqueConstraint(fields=["board", "slug"], name="standing_once_a_board"),
            models.CheckConstraint(
                condition=Q(low__lte=F("rating"), high__gte=F("rating")), name="standing_within_interval"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="standing_status_is_known"),
            models.CheckConstraint(
                condition=Q(rank=None, rank_low=None, rank_high=None)
                | Q(rank_low=None, rank_high=None)  # boards of before ranks had sets
                | Q(rank_low__gte=1, rank_low__lte=F("rank"), rank_high__gte=F("rank")),
                name="standing_rank_within_its_set",
            ),
            models.CheckConstraint(
                condition=Q(p_cut=None) | Q(p_cut__gte=0, p_cut__lte=1), name="standing_p_cut_is_a_probability"
            ),
        ]
        ordering = [F("rank").asc(nulls_last=True), "-rating", "slug"]


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


class Export(models.Model):
    """An edition whose files an organizer wants; Celery writes them in portions: leaderboard/export_queue.py."""

    board = models.OneToOneField(Board, on_delete=models.PROTECT, related_name="export")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="exports")
    asked_at = models.DateTimeField(db_default=Now())
    written = models.PositiveBigIntegerField(default=0, help_text="Ballots on the disk so far.")
    finished_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True, help_text="Why it stopped, until somebody lets it go on.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(trouble=""), name="export_is_finished_or_in_trouble"
            )
        ]
