"""Battles, turns and votes. What happened here is kept: votes are never changed, battles never deleted.

What was said is not: arena/erasing.py takes the text out of the rows.
"""

import secrets
import uuid
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from inference.models import Entry


class Winner(models.TextChoices):
    """The voter's verdict. The words are the public contract."""

    A = "a"
    B = "b"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class Side(models.TextChoices):
    A = "a"
    B = "b"


def pseudonym_key() -> bytes:
    return secrets.token_bytes(32)


class Gate(models.Model):
    """Whether votes of one round still count, and whether who casts one is told names.

    Casting takes it shared, closing and freezing exclusively: each vote is before or after them.
    """

    key = models.SlugField(unique=True)
    is_open = models.BooleanField(default=True)
    closes_at = models.DateTimeField(null=True, help_text="No vote passes later, though nobody has closed it yet.")
    is_frozen = models.BooleanField(default=False, help_text="The public board stands still: no vote tells a name.")
    freezes_at = models.DateTimeField(
        null=True, help_text="No vote tells a name later, though nobody has frozen the board yet."
    )
    pseudonym_key = models.BinaryField(default=pseudonym_key, help_text="Turns a voter into this round's pseudonym.")

    def __str__(self) -> str:
        return self.key


class Sequence(models.Model):
    """How far a gate's votes have positions. A row of its own: the sequencer must not hold up those who vote."""

    gate = models.OneToOneField(Gate, on_delete=models.CASCADE, primary_key=True, related_name="sequence")
    last = models.PositiveBigIntegerField(default=0)


class Reveal(models.TextChoices):
    AFTER_VOTE = "vote", "after the vote"
    AFTER_CLOSE = "close", "when the round is closed"


class Terms(models.Model):
    """What one version of a rulebook means to the arena. Immutable: an amendment is a new row on the same gate."""

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="terms")
    version = models.PositiveSmallIntegerField(default=1)
    temperature = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.70"))
    top_p = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("1.00"))
    max_tokens = models.PositiveIntegerField(default=1024)
    system_prompt = models.TextField(blank=True)
    max_turns = models.PositiveSmallIntegerField(default=6)
    pace = models.PositiveSmallIntegerField(
        default=150, help_text="Characters a second shown on each side; 0 shows them as they come."
    )
    reveal = models.CharField(max_length=8, choices=Reveal, default=Reveal.AFTER_VOTE)
    verified_only = models.BooleanField(default=False, help_text="Only who has entered a code of the round votes.")
    voter_cap = models.PositiveSmallIntegerField(default=10, help_text="Votes of one voter that count in the round.")
    entries = models.ManyToManyField(Entry, through="Drawable", related_name="terms")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gate", "version"], name="terms_version_once_a_gate"),
            models.CheckConstraint(condition=Q(reveal__in=Reveal.values), name="terms_reveal_is_known"),
            models.CheckConstraint(condition=Q(voter_cap__gte=1, max_turns__gte=1), name="terms_allow_a_vote"),
            models.CheckConstraint(
                condition=Q(temperature__gte=0, temperature__lte=2), name="terms_temperature_in_range"
            ),
        ]


class Drawable(models.Model):
    """An entry that may be drawn under these terms, and how heavily."""

    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="drawables")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="drawables")
    weight = models.FloatField(default=1.0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terms", "entry"], name="drawable_once_in_the_terms"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="drawable_weight_is_positive"),
        ]


class Pairing(models.Model):
    """How likely each pair is to meet next under these terms, worked out above the arena from the votes so far.

    One row of terms, written over with every fold; drawing reads it and knows nothing of verdicts. What a battle was
    drawn with is kept on the battle: its propensity says all that an audit can use, and it also knows who could
    answer at that moment and what the voter had room for, which no row for everybody does.
    """

    terms = models.OneToOneField(Terms, on_delete=models.PROTECT, primary_key=True, related_name="pairing")
    position = models.PositiveBigIntegerField(help_text="The last vote it knows.")
    chances = models.JSONField(help_text="[entry, entry, probability] of each unordered pair; their sum is 1.")
    made_at = models.DateTimeField(auto_now=True)


class AdmissionCode(models.Model):
    """A one-time code with which somebody may vote in a round that asks for one. What is kept of it is a digest.

    Which voter has entered it stands nowhere.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="codes")
    digest = models.CharField(max_length=64, unique=True)
    used = models.BooleanField(default=False)


class Voter(models.Model):
    """A visitor's device that has started a battle, known by a signed cookie and nothing else."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agreed_at = models.DateTimeField(null=True, blank=True, help_text="Read the notice, said to be 14 or older.")
    created_at = models.DateTimeField(auto_now_add=True)


class Admitted(models.Model):
    """A voter who has entered a code of a round, whichever it was."""

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="admitted")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="admitted")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gate", "voter"], name="admitted_once_a_round")]


class VoterAccount(models.Model):
    """A team's member was signed in on this device: its votes on the team's entries are kept and not counted.

    Signing out does not undo it. Whose member the person is, is asked anew with each vote.
    """

    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="accounts")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    since = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["voter", "user"], name="voter_account_once_a_device")]


class BattleState(models.TextChoices):
    OPEN = "open"
    VOTED = "voted"
    VOID = "void"


class Battle(models.Model):
    """Two entries and one voter. Void battles weigh nothing and stay on record."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    terms = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="battles")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="battles")
    entry_a = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="battles_as_a")
    entry_b = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="battles_as_b")
    propensity = models.FloatField(help_text="The probability with which this ordered pair was drawn.")
    state = models.CharField(max_length=8, choices=BattleState, default=BattleState.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(entry_a=F("entry_b")), name="battle_of_two_entries"),
            models.CheckConstraint(condition=Q(state__in=BattleState.values), name="battle_state_is_known"),
            models.CheckConstraint(
                condition=Q(propensity__gt=0, propensity__lte=1), name="battle_propensity_is_a_probability"
            ),
        ]

    def entry(self, side: Side) -> Entry:
        return self.entry_a if side == Side.A else self.entry_b


class TurnState(models.TextChoices):
    WAITING = "waiting"  # for a place with both entries; nothing has been shown
    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    VOID = "void"


class Turn(models.Model):
    """A prompt and its two replies, each a list of typed parts. `ticks` are the pieces as they were shown.

    A tick is how much it shows of each side in characters, [a, b]; the ticks of a battle are numbered through, from
    `first_tick`.
    `told_a` and `told_b` say how the replies had come, which no visitor sees: see inference.replies.Reply.
    An erased turn has lost its text for good, and everything else is as it was.
    """

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="turns")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=TurnState, default=TurnState.STREAMING)
    prompt = models.JSONField()
    reply_a = models.JSONField(default=list)
    reply_b = models.JSONField(default=list)
    first_tick = models.PositiveIntegerField(default=1)
    ticks = models.JSONField(default=list)
    told_a = models.JSONField(null=True, help_text="Which worker answered, how fast and how much; null: not known.")
    told_b = models.JSONField(null=True)
    fault = models.CharField(max_length=20, blank=True, help_text="Why it is void: the kind of the failure.")
    fault_side = models.CharField(max_length=1, choices=Side, blank=True)
    # By the database's clock: another process, with another clock, asks how long it streams.
    started_at = models.DateTimeField(db_default=Now(), help_text="While it waits: since when.")
    waits_at = models.DateTimeField(null=True, help_text="When its process last said that it still waits.")
    ended_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["battle", "number"], name="turn_number_once_a_battle"),
            models.UniqueConstraint(fields=["battle"], condition=Q(ended_at=None), name="turn_streams_one_at_a_time"),
            models.CheckConstraint(condition=Q(state__in=TurnState.values), name="turn_state_is_known"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "streaming"], ended_at=None)
                | ~Q(state__in=["waiting", "streaming"]) & Q(ended_at__isnull=False),
                name="turn_ends_when_it_stops_streaming",
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(prompt=[], reply_a=[], reply_b=[], ticks=[]) & Q(ended_at__isnull=False),
                name="turn_erased_holds_no_text",
            ),
        ]
        indexes = [
            # Each hour the few turns whose text has grown old are looked for among millions without text.
            models.Index(fields=["started_at"], condition=Q(erased_at=None), name="turn_text_by_age"),
            # The few turns in which a side failed are counted on every look at the console.
            models.Index(fields=["battle"], condition=~Q(fault_side=""), name="turn_failed"),
        ]
        ordering = ["number"]


class SetAside(models.TextChoices):
    """Why a vote is kept and not counted. The words are the public contract."""

    OVER_CAP = "over_cap"
    OWN_TEAM = "own_team"


class Vote(models.Model):
    """The voter's verdict. One per battle, never changed; only the sequencer gives it its position, once."""

    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, related_name="vote")
    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="votes")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="votes")
    winner = models.CharField(max_length=8, choices=Winner)
    counted_as = models.PositiveSmallIntegerField(
        null=True,
        help_text="Which of the voter's counted votes of the round this is; null: kept with weight 0.",
    )
    in_freeze = models.BooleanField(db_default=False, help_text="Cast while frozen: its receipt has no names.")
    set_aside = models.CharField(
        max_length=8, choices=SetAside, blank=True, db_default="", help_text="Why it is not counted; empty: it is."
    )
    position = models.PositiveBigIntegerField(null=True, help_text="Its gap-free place in the order of counting.")
    cast_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(winner__in=Winner.values), name="vote_winner_is_known"),
            models.UniqueConstraint(fields=["gate", "position"], name="vote_position_is_its_own"),
            # Two tabs cannot both cast the voter's tenth counted vote.
            models.UniqueConstraint(fields=["gate", "voter", "counted_as"], name="vote_counts_once"),
            models.CheckConstraint(condition=Q(counted_as=None) | Q(counted_as__gte=1), name="vote_counts_from_one"),
            models.CheckConstraint(
                condition=Q(counted_as=None, set_aside__in=SetAside.values) | Q(counted_as__isnull=False, set_aside=""),
                name="vote_set_aside_for_a_reason",
            ),
        ]
        indexes = [
            # The sequencer looks for the few votes without a position among millions that have one.
            models.Index(fields=["gate", "id"], condition=Q(position=None), name="vote_awaits_position"),
        ]


class Label(models.Model):
    """What kind of question a battle asked, and how its answers looked; see arena/labels.py.

    Made before its vote gets a position or its text is erased, whichever comes first. Never changed: a trigger
    refuses it. Of text that was gone before there were labels nothing is known.
    """

    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, primary_key=True, related_name="label")
    rules = models.PositiveSmallIntegerField(help_text="Which version of the rules made it.")
    language = models.CharField(max_length=3, null=True, help_text="ISO 639-1, or und.")  # noqa: DJ001  null: unknown
    categories = models.JSONField(null=True, help_text="Each with the rules that said so, and how often they did.")
    style = models.JSONField(null=True, help_text="How much of each thing the answers on both sides have.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(language__isnull=True, categories__isnull=True, style__isnull=True)
                | Q(language__isnull=False, categories__isnull=False, style__isnull=False),
                name="label_says_all_or_nothing",
            ),
        ]


class Report(models.Model):
    """A visitor's word that an answer is harmful or tells its name. Read by organizers."""

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="reports")
    side = models.CharField(max_length=1, choices=Side)
    text = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["battle", "side"], name="report_once_a_side")]
