"""A visitor of the site as a script is one: the public contract of docs/api.md, and nothing else."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.servers import PATIENCE

Frame = dict[str, Any]
# Never used, for nothing here is encrypted; but each client would read the machine's certificates for one of its own.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Visitor:
    def __init__(self, base: str, language: str = "en") -> None:
        self.base = base
        self.language = language
        self.http = httpx.Client(
            base_url=base, headers={"Accept-Language": language}, timeout=PATIENCE, trust_env=False, verify=NO_TLS
        )
        try:
            self.http.get("/").raise_for_status()
        except httpx.HTTPError:
            self.http.close()
            raise

    def close(self) -> None:
        self.http.close()

    def post(self, path: str, content: Any = None, **headers: str) -> httpx.Response:
        sent = {"X-CSRFToken": self.http.cookies["csrftoken"], "Origin": self.base, **headers}
        return (
            self.http.post(path, json=content, headers=sent)
            if content is not None
            else self.http.post(path, headers=sent)
        )

    def start(self) -> "Duel":
        answer = self.post("/battles")
        assert answer.status_code == 201, answer.text
        return Duel(self, answer.json()["id"], answer.json()["socket"])

    @contextmanager
    def socket(self, path: str, *, origin: str | None = None) -> Iterator[ClientConnection]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        with connect(
            self.base.replace("http", "ws", 1) + path,
            origin=Origin(origin or self.base),
            additional_headers={"Cookie": cookies, "Accept-Language": self.language},
            max_size=None,
            open_timeout=PATIENCE,
            ping_interval=None,
        ) as socket:
            yield socket


class Duel:
    """One battle of a visitor."""

    def __init__(self, visitor: Visitor, battle: str, socket: str) -> None:
        self.visitor, self.id, self.path = visitor, battle, socket

    @contextmanager
    def socket(self) -> Iterator[ClientConnection]:
        with self.visitor.socket(self.path) as socket:
            yield socket

    def ask(self, prompt: str) -> list[Frame]:
        """Send a prompt and hear both out; the frames until the turn has ended."""
        with self.socket() as socket:
            send(socket, {"type": "prompt", "text": prompt})
            return until_ended(socket)

    def vote(self, winner: Any) -> httpx.Response:
        return self.visitor.post(f"/battles/{self.id}/vote", {"winner": winner})

    def state(self) -> Any:
        return self.visitor.http.get(f"/battles/{self.id}").json()

    def streams(self) -> bool:
        """Whether its last question is being answered now."""
        turns = self.state()["turns"]
        return bool(turns) and turns[-1]["state"] == "streaming"


def send(socket: ClientConnection, frame: Frame) -> None:
    socket.send(json.dumps(frame))


def receive(socket: ClientConnection, timeout: float = PATIENCE) -> Frame:
    frame: Frame = json.loads(socket.recv(timeout=timeout))
    return frame


def prompted(socket: ClientConnection, text: str) -> Frame:
    """Send a prompt that is taken; the frame that says how it is kept."""
    send(socket, {"type": "prompt", "text": text})
    frame = receive(socket)
    assert frame["type"] == "asked", frame
    return frame


def until_ended(socket: ClientConnection) -> list[Frame]:
    frames = []
    while True:
        frames.append(receive(socket))
        if frames[-1]["type"] in {"ready", "void", "refused"}:
            return frames


def texts(frames: list[Frame]) -> dict[str, str]:
    """What each side was shown to say."""
    return {side: "".join(frame[side] for frame in frames if frame["type"] == "token") for side in ("a", "b")}
