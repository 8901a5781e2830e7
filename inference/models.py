"""Entries and the workers that answer for them. An entry knows no round."""

from django.db import models
from django.db.models import Q

from accounts.models import Team


class Entry(models.Model):
    """A team's submission: one language model as it is served. Never deleted: battles rest on it."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="entries")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    base = models.CharField(max_length=200, blank=True, help_text="The model it is made from, if any.")
    licence = models.CharField(max_length=100, blank=True)
    changes = models.TextField(blank=True, help_text="What was changed from the base; many licences ask for it.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Worker(models.Model):
    """A server that answers for one entry over the OpenAI chat protocol."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="workers")
    url = models.URLField(help_text="Base address, without /v1.")
    served_name = models.CharField(max_length=200, help_text="The model name it wants in requests.")
    key = models.CharField(max_length=200, blank=True)
    slots = models.PositiveSmallIntegerField(default=8, help_text="Replies it may work on at once, per web process.")
    healthy = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "url"], name="worker_once_an_entry"),
            models.CheckConstraint(condition=Q(slots__gte=1), name="worker_has_a_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.entry.slug} at {self.url}"
