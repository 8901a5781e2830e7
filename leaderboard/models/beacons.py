"""The public random number that may decide a tie: which one was named beforehand, and its value once it is known."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from leaderboard.models.rounds import Round


class Network(models.TextChoices):
    """Who publishes such numbers; leaderboard/cut/networks.py knows when and where."""

    QUICKNET = "drand-quicknet"
    DEFAULT = "drand-default"


class NamedBeacon(models.Model):
    """Which number decides a round's last tie, named before it was known. Never changed: a trigger refuses it.

    It holds while its number comes out after the round ends; where the end has moved past that, another is named.
    """

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="beacons")
    number = models.PositiveSmallIntegerField(help_text="In the contest's round, from 1, in the order of naming.")
    network = models.CharField(max_length=20, choices=Network)
    beacon_round = models.PositiveBigIntegerField(help_text="Which of the network's numbers.")
    published_at = models.DateTimeField(help_text="When the network publishes it.")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="named_beacons")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # Of two organizers who name one at once, one comes second.
            models.UniqueConstraint(fields=["round", "number"], name="beacon_number_once_a_round"),
            models.CheckConstraint(condition=Q(network__in=Network.values), name="beacon_network_is_known"),
            models.CheckConstraint(condition=Q(published_at__gt=F("at")), name="beacon_is_named_before_it_is_known"),
        ]
        ordering = ["round", "number"]


class BeaconValue(models.Model):
    """The value of a named number, as one organizer entered it; in force once another one has confirmed it.

    Never changed but for being confirmed or withdrawn, and that only once: a trigger refuses anything else.
    """

    beacon = models.ForeignKey(NamedBeacon, on_delete=models.PROTECT, related_name="values")
    value = models.CharField(max_length=64, help_text="In hexadecimal, as the network publishes it.")
    evidence = models.JSONField(help_text="Addresses where it stands, see leaderboard/evidence.py.")
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="entered_beacon_values")
    entered_at = models.DateTimeField(db_default=Now())
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="confirmed_beacon_values")
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="withdrawn_beacon_values")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["beacon"], condition=Q(withdrawn_by=None), name="beacon_value_stands_alone"
            ),
            models.CheckConstraint(condition=~Q(value=""), name="beacon_value_is_one"),
            models.CheckConstraint(condition=~Q(evidence=[]), name="beacon_value_is_shown_somewhere"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, withdrawn_by=None)
                & ~Q(confirmed_by=F("entered_by")),
                name="beacon_value_in_force_is_of_two",
            ),
        ]
        ordering = ["id"]

    @property
    def waits(self) -> bool:
        return self.confirmed_by_id is None and self.withdrawn_by_id is None
