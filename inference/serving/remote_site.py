"""The site for a supervisor on another machine: the team's API, with a token that may change workers."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import httpx

from inference.models import ServingState
from inference.serving.engines import Card, Engine
from inference.serving.supervision import SiteAway, SiteRefuses

SECONDS = 15.0
LATER = (429, 502, 503, 504)


class RemoteSite:
    """What a token sees of the site: an entry of its team."""

    def __init__(self, *, site: str, token: str, slug: str) -> None:
        self.slug = slug
        self.address = f"{site.rstrip('/')}/api/v1/team"
        self.headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}  # as all that a command says

    def card(self) -> Card:
        """The entry's record. Raises SiteAway, and SiteRefuses if the team has no such entry."""
        found = [entry for entry in self.ask("GET", "/entries")["entries"] if entry["slug"] == self.slug]
        if not found:
            raise SiteRefuses(f"The token's team has no entry {self.slug}.")
        return Card(**found[0])

    def ask(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """What the site answers. Raises SiteAway and SiteRefuses."""
        try:
            answer = httpx.request(method, self.address + path, json=content, headers=self.headers, timeout=SECONDS)
            if answer.status_code in LATER:
                raise SiteAway(f"it answered {answer.status_code}")
            said = answer.json()
        except (httpx.HTTPError, ValueError) as why:
            raise SiteAway(type(why).__name__) from why
        if answer.is_error:
            raise SiteRefuses(f"The site refuses: {said.get('message') or answer.status_code}")
        return said


class RemoteWorker:
    """A worker of that entry, as the API knows it from `register` on."""

    def __init__(self, site: RemoteSite, engine: Engine, url: str) -> None:
        self.site, self.engine, self.url = site, engine, url
        self.number = 0

    def register(self) -> str:
        engine = self.engine
        wanted = {
            "entry": self.site.slug,
            "url": self.url,
            "served_name": engine.served_name,
            "slots": engine.slots,
            "key": engine.key,
            **asdict(engine.files),
        }
        self.number = self.site.ask("POST", "/workers", wanted)["id"]
        return "is entered; the site checks it before it lets it in."

    def tell(self, state: ServingState, readings: Mapping[str, float]) -> None:
        said = {"state": state, "metrics": dict(readings)}
        worker = self.site.ask("POST", f"/workers/{self.number}/heartbeat", said)
        # The checks are made after it was entered; the site says by its answers how they went.
        if worker["refused_because"] and not worker["checking"]:
            raise SiteRefuses(f"The site does not let it in: {worker['reason']}")

    def drain(self) -> None:
        self.site.ask("POST", f"/workers/{self.number}/drain")
        self.site.ask("POST", f"/workers/{self.number}/heartbeat", {"state": ServingState.DRAINING})
