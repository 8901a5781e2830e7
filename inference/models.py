"""Entries and the workers that answer for them. An entry knows no round."""

from datetime import timedelta

from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from inference.sealing import seal, unseal

WEB = URLValidator(schemes=["http", "https"])
DIGEST = RegexValidator(r"^[0-9a-f]{64}\Z", _("a digest is a SHA-256 in 64 hexadecimal digits"))
COMMIT = RegexValidator(r"^[0-9a-f]{7,64}\Z", _("a commit is 7 to 64 hexadecimal digits"))


def on_the_web(field: str) -> Q:
    """Empty, or an address that a page may link to: never one that runs."""
    return Q(**{field: ""}) | Q(**{f"{field}__startswith": "https://"}) | Q(**{f"{field}__startswith": "http://"})


class Reasoning(models.TextChoices):
    """Whether the model thinks before it answers, where nobody sees it."""

    OFF = "off"
    ON = "on"
    AUTO = "auto"


class Openness(models.TextChoices):
    """Who can get at a part of a model."""

    OPEN = "open"
    ON_REQUEST = "on_request"
    CLOSED = "closed"


class Use(models.TextChoices):
    """Whether the model may be used to earn money."""

    ALLOWED = "allowed"
    CONDITIONS = "conditions"
    FORBIDDEN = "forbidden"


class Entry(models.Model):
    """A team's submission: one language model as it is served. Never deleted: battles rest on it.

    Once a round over it has opened, `frozen_at` is set for good, and a trigger refuses every change of what says which
    model it is: `team` to `reasoning`, below. What else is said of it may be corrected. Blank: not stated.
    """

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="entries")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    base = models.CharField(max_length=200, blank=True, help_text="The model it is made from, if any.")
    weights_digest = models.CharField(max_length=64, blank=True, validators=[DIGEST])
    weights_revision = models.CharField(max_length=100, blank=True, help_text="As its repository names it.")
    stack = models.CharField(max_length=100, blank=True, help_text="What serves it, with its version.")
    stack_commit = models.CharField(max_length=64, blank=True, validators=[COMMIT])
    chat_template_digest = models.CharField(max_length=64, blank=True, validators=[DIGEST])
    context_length = models.PositiveIntegerField(null=True, blank=True, help_text="Tokens.")
    reasoning = models.CharField(max_length=4, choices=Reasoning, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True, help_text="When a round over it first opened.")
    licence = models.CharField(max_length=100, blank=True)
    licence_url = models.URLField(blank=True, validators=[WEB])
    commercial_use = models.CharField(max_length=10, choices=Use, blank=True)
    open_weights = models.CharField(max_length=10, choices=Openness, blank=True)
    open_code = models.CharField(max_length=10, choices=Openness, blank=True)
    open_data = models.CharField(max_length=10, choices=Openness, blank=True)
    open_logs = models.CharField(max_length=10, choices=Openness, blank=True)
    changes = models.TextField(blank=True, help_text="What was changed from the base; many licences ask for it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reasoning__in=["", *Reasoning.values]), name="entry_reasoning_is_known"),
            models.CheckConstraint(condition=Q(commercial_use__in=["", *Use.values]), name="entry_use_is_known"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"open_{part}__in": ["", *Openness.values]}), name=f"entry_open_{part}_is_known"
                )
                for part in ("weights", "code", "data", "logs")
            ),
            models.CheckConstraint(condition=on_the_web("licence_url"), name="entry_licence_is_on_the_web"),
        ]

    def __str__(self) -> str:
        return self.name


class Kind(models.TextChoices):
    TOKENIZER = "tokenizer"
    BACKBONE = "backbone"
    ENCODER = "encoder"
    DATA = "data"


class Start(models.TextChoices):
    """How a component came to what it is."""

    SCRATCH = "scratch"
    INITIALISED = "initialised"
    FROZEN = "frozen"


class Component(models.Model):
    """Where one part of an entry comes from, as its team states it, with what shows it. Blank: not stated."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="components")
    kind = models.CharField(max_length=9, choices=Kind)
    name = models.CharField(max_length=200)
    origin = models.CharField(max_length=200, blank=True, help_text="Who made it.")
    licence = models.CharField(max_length=100, blank=True)
    start = models.CharField(max_length=11, choices=Start, blank=True, help_text="Frozen: taken over unchanged.")
    evidence = models.URLField(blank=True, validators=[WEB])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "kind", "name"], name="component_once_an_entry"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="component_kind_is_known"),
            models.CheckConstraint(condition=Q(start__in=["", *Start.values]), name="component_start_is_known"),
            models.CheckConstraint(condition=on_the_web("evidence"), name="component_evidence_is_on_the_web"),
        ]
        ordering = ["id"]


class Worker(models.Model):
    """A server that answers for one entry over the OpenAI chat protocol.

    Whether it can is found out when it registers (inference/registering.py); one that was refused is asked nothing.
    Those entered by a command without being checked are neither registered nor refused.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="workers")
    url = models.URLField(help_text="Base address, without /v1.")
    served_name = models.CharField(max_length=200, help_text="The model name it wants in requests.")
    sealed_key = models.TextField(blank=True, help_text="As inference/sealing.py encrypts it.")
    extra_body = models.JSONField(default=dict, blank=True, help_text="Sent along with every request.")
    slots = models.PositiveSmallIntegerField(
        default=8, help_text="Replies it may work on at once, for all web processes together."
    )
    dealt = models.PositiveSmallIntegerField(
        default=0, help_text="Replies more than that, from those who went out on the same machine."
    )
    healthy = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True, blank=True)
    weights_digest = models.CharField(
        max_length=64, blank=True, validators=[DIGEST], help_text="Of its files, as the machine that serves it says."
    )
    chat_template_digest = models.CharField(max_length=64, blank=True, validators=[DIGEST])
    registered = models.BooleanField(default=False, help_text="It passed all checks the last time they were made.")
    refused_because = models.CharField(max_length=40, blank=True, help_text="The first check that it did not pass.")
    pace = models.FloatField(
        null=True, blank=True, help_text="Characters a second of each of so many streams as it has slots, as measured."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "url"], name="worker_once_an_entry"),
            models.CheckConstraint(condition=Q(slots__gte=1), name="worker_has_a_slot"),
            models.CheckConstraint(
                condition=Q(registered=False) | Q(refused_because=""), name="worker_registered_is_not_refused"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry.slug} at {self.url}"

    @property
    def places(self) -> int:
        """How many replies it may work on at once, for all web processes together."""
        return self.slots + self.dealt

    @property
    def key(self) -> str:
        """What it wants to be shown, "" for nothing. Never logged or handed to a task. Raises Keyless."""
        return unseal(self.sealed_key)

    @key.setter
    def key(self, key: str) -> None:
        self.sealed_key = seal(key)


class Registration(models.Model):
    """One run of the checks that a worker must pass: asked for, begun, ended. The last that ended counts.

    What it is held to comes with it: an entry knows no round.
    """

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="registrations")
    wanted_pace = models.PositiveIntegerField(default=0, help_text="Characters a second; 0: none in particular.")
    wanted_tokens = models.PositiveIntegerField(default=0, help_text="So many of an answer must fit.")
    asked_at = models.DateTimeField(db_default=Now())
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    checks = models.JSONField(default=list, help_text="As inference/registering.py writes them, in its order.")
    repeated_at = models.DateTimeField(null=True, help_text="When its canaries were last asked again.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["worker"], condition=Q(ended_at=None), name="registration_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(began_at__isnull=False), name="registration_ends_after_it_began"
            ),
        ]
        ordering = ["id"]


class Canary(models.Model):
    """An answer that a worker gave to one of our own questions, at temperature 0, and how often it gave it.

    Those given at registration are `expected`: several, where the server does not always answer alike. Another one
    later is drift, and stays on record.
    """

    registration = models.ForeignKey(Registration, on_delete=models.CASCADE, related_name="canaries")
    prompt = models.CharField(max_length=20, help_text="The name of the question in inference/canaries.py.")
    digest = models.CharField(max_length=64, validators=[DIGEST])
    answer = models.TextField(blank=True, help_text="Cut short.")
    expected = models.BooleanField()
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(db_default=Now())
    last_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "prompt", "digest"], name="canary_once_an_answer"),
            models.CheckConstraint(condition=Q(times__gte=1), name="canary_was_given"),
        ]
        ordering = ["id"]


class DrainCause(models.TextChoices):
    """Who took a worker out of service: its team or an organizer, or the contest, because its entry went out."""

    TEAM = "team"
    CONTEST = "contest"
    ORGANIZER = "organizer"


class Drain(models.Model):
    """A worker is out of service from `began_at` on, until it is ended. What that means: inference/draining.py.

    Each cause has its own: what the contest does to a worker its team cannot undo, nor the other way round.
    """

    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="drains")
    cause = models.CharField(max_length=9, choices=DrainCause)
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["worker", "cause"], condition=Q(ended_at=None), name="drain_once_a_worker_and_cause"
            ),
            models.CheckConstraint(condition=Q(cause__in=DrainCause.values), name="drain_cause_is_known"),
        ]


class Breaker(models.Model):
    """How a worker's streams have ended lately. While `opened_at` is set it is not asked: inference/breaker.py."""

    worker = models.OneToOneField(Worker, on_delete=models.CASCADE, primary_key=True, related_name="breaker")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Not made up for by a success.")
    failed_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    openings = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    trial_at = models.DateTimeField(null=True, help_text="Since when somebody tries whether it is well again.")


class ServingState(models.TextChoices):
    """What a worker's supervisor says of it. Only one that serves is drawn."""

    SERVING = "serving"
    RESTARTING = "restarting"
    DRAINING = "draining"
    STOPPED = "stopped"


QUIET = timedelta(seconds=30)  # what watches over a worker says so every five


class Beat(models.Model):
    """What a worker's supervisor (`manage.py serve_worker`) said of it last. A worker without one has no row."""

    worker = models.OneToOneField(Worker, on_delete=models.CASCADE, primary_key=True, related_name="beat")
    state = models.CharField(max_length=10, choices=ServingState)
    readings = models.JSONField(default=dict, help_text="By the names of inference/serving/readings.py.")
    said_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(state__in=ServingState.values), name="beat_state_is_known")]
