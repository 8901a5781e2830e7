"""Where a process shows what it measures: a small server of its own, at a private address, for Prometheus.

The measures are defined beside what they measure; their names begin with lms_.
"""

from django.conf import settings
from prometheus_client import start_http_server


def show_metrics() -> None:
    """Serve the metrics of this process, if the settings say where. Raises OSError where the port is taken."""
    if settings.METRICS_PORT:
        start_http_server(settings.METRICS_PORT, addr=settings.METRICS_HOST)
