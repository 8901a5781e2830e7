from django.db import models
from django.db.models import Q


class Heartbeat(models.Model):
    """When a task that beat had sent last reached a worker. One row; the doctor judges its age.

    In the database, because that can be asked from anywhere: without Redis, beat and worker are threads of another
    process, and with Redis a worker of another machine.
    """

    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="heartbeat_is_one")]
