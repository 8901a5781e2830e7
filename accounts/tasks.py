"""What Celery does for accounts."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.db.models.functions import Now


@shared_task
def forget_sessions() -> None:
    """Called by beat once an hour: sessions that have run out are of no use to anybody."""
    Session.objects.filter(expire_date__lt=Now()).delete()
