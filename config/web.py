"""A web process of production: `python -m config.web`. When told to end it drains: streams finish, nobody new comes.

SIGTERM (or Ctrl-C) once: it says "not ready", so that the proxy sends visitors elsewhere; what streams here goes on to
its end, for at most DRAIN_SECONDS; then the process ends. A second time: at once.
"""

import argparse
import logging
import time
from types import FrameType

import uvicorn
from django.conf import settings

# isort: off
from config.asgi import application  # loads the applications; all others need them
from arena.stage import stage
# isort: on

# A frame is at most 16 KiB; a longer one closes its socket before it is read.
LARGEST_FRAME = 16 * 1024
# The proxy asks every second whether we are ready, and needs a moment to act on it.
NOTICE_SECONDS = 3.0
# What is left after the drain are sockets that only look on: their pages come back elsewhere.
CLOSING_SECONDS = 5

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """Uvicorn, but for the time between the signal and the end."""

    drain_began = 0.0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if stage.draining or not self.started:
            super().handle_exit(sig, frame)
        else:
            stage.draining = True

    async def on_tick(self, counter: int) -> bool:
        if stage.draining and not self.should_exit:
            self.should_exit = self.drained(len(stage.plays))
        return await super().on_tick(counter)

    def drained(self, playing: int) -> bool:
        """Whether the process may end: the proxy has had time to see it, and nothing streams or the time is up."""
        now = time.monotonic()
        if not self.drain_began:
            self.drain_began = now
            log.info("draining", extra={"playing": playing})
        waited = now - self.drain_began
        if waited < min(NOTICE_SECONDS, settings.DRAIN_SECONDS):
            return False
        if playing and waited < settings.DRAIN_SECONDS:
            return False
        log.info("drained", extra={"playing": playing, "seconds": round(waited, 1)})
        return True


def web_config(host: str, port: int) -> uvicorn.Config:
    """How every web process is served, in production and in the demonstration."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        log_config=None,  # its words go the way of all others
        access_log=False,
        log_level="warning",
        ws_max_size=LARGEST_FRAME,
        # A board would be compressed anew for every socket, and the pieces of an answer are too short to gain by it.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=CLOSING_SECONDS,
        proxy_headers=False,  # arena.visitors.address believes only TRUSTED_PROXIES
    )


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m config.web", description="A web process of production.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8000)
    chosen = options.parse_args()
    Server(web_config(chosen.host, chosen.port)).run()


if __name__ == "__main__":
    main()
