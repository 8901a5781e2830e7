"""The boards that the votes make, and what is shown of them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from inference.models import Entry
from leaderboard.models.rounds import Round, Series


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
    # The fold goes on behind it: what the votes of its edition add up to stays here.
    slugs = models.JSONField(default=list, help_text="As those of Folded then. Empty: of before they were kept.")
    state = models.BinaryField(default=bytes, help_text="As that of Folded then. Empty: made from the votes.")
    by_category = models.BinaryField(default=bytes, help_text="As that of Folded then. Empty: made from the votes.")


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


class Export(models.Model):
    """An edition whose files somebody wants; Celery writes them in portions: leaderboard/export_queue.py."""

    board = models.OneToOneField(Board, on_delete=models.PROTECT, related_name="export")
    asked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="exports", help_text="Null: its result became final."
    )
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
