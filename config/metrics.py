"""Where a process shows what it measures: a small server of its own, at a private address, for Prometheus.

The measures are defined beside what they measure; their names begin with lms_. Here are those of the whole process.
"""

from django.conf import settings
from prometheus_client import Gauge, start_http_server

from arena.stage import stage

PLAYING = Gauge("lms_turns_playing", "Turns that this process streams now.")
PLAYING.set_function(lambda: len(stage.plays))
DRAINING = Gauge("lms_draining", "1 while this process finishes its streams before it ends.")
DRAINING.set_function(lambda: float(stage.draining))


def show_metrics() -> None:
    """Serve the metrics of this process, if the settings say where. Raises OSError where the port is taken."""
    if settings.METRICS_PORT:
        start_http_server(settings.METRICS_PORT, addr=settings.METRICS_HOST)
