"""A client of the public API in one file, to be copied: needs Python 3.11 and httpx. What it answers is in docs/api.md.

with Site("https://arena.example") as site:
    print([row["name"] for row in site.board()["standings"]])
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypedDict

import httpx


class Standing(TypedDict):
    slug: str
    name: str
    rank: int | None
    rating: float
    low: float
    high: float
    votes: int
    p_cut: float | None
    status: str


class Board(TypedDict):
    series: str
    number: int
    votes: int
    standings: list[Standing]


class Round(TypedDict):
    key: str
    series: str
    title: str
    title_ko: str
    state: str
    opens_at: str
    ends_at: str


class Part(TypedDict):
    round: str
    role: str
    state: str


class Entry(TypedDict):
    slug: str
    name: str
    licence: str
    open: dict[str, str]
    rounds: list[Part]


class Line(TypedDict):
    kind: str
    at: str
    round: str | None
    told: dict[str, Any]
    reason: str
    reason_ko: str


class File(TypedDict):
    name: str
    size: int
    sha256: str
    url: str


class Worker(TypedDict):
    id: int
    entry: str
    url: str
    state: str
    held_by: list[str]


class Refused(Exception):
    """What the site refuses. `code` says what it is, `retry_after` in how many seconds to try again, if it is known."""

    def __init__(self, answer: httpx.Response) -> None:
        problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
        self.status = answer.status_code
        self.code: str = problem.get("code", "")
        self.retry_after = int(answer.headers["Retry-After"]) if "Retry-After" in answer.headers else None
        super().__init__(problem.get("message", answer.reason_phrase))


class Damaged(Exception):
    """A file is not what its digest says. It was removed."""


class Site:
    """token: a team's, for what is behind /api/v1/team. An answer that has not changed is not sent again."""

    def __init__(self, url: str, *, token: str | None = None, language: str = "en", **options: Any) -> None:
        headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.http = httpx.Client(base_url=url, headers=headers, timeout=30, **options)
        self.known: dict[str, tuple[str, bytes]] = {}  # by address: the ETag and what came with it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def board(self, series: str | None = None) -> Board:
        board: Board = self.get("board", series=series)
        return board

    def rounds(self) -> list[Round]:
        rounds: list[Round] = self.get("rounds")["rounds"]
        return rounds

    def round(self, key: str) -> dict[str, Any]:
        course: dict[str, Any] = self.get(f"rounds/{key}")
        return course

    def win_rates(self, key: str) -> dict[str, Any]:
        pairs: dict[str, Any] = self.get(f"rounds/{key}/win-rates")
        return pairs

    def rulebook(self, digest: str) -> bytes:
        """Raises Damaged where it is not what the digest says."""
        content = self.content(f"rulebooks/{digest}")
        if hashlib.sha256(content).hexdigest() != digest:
            raise Damaged(digest)
        return content

    def entries(self) -> Iterator[Entry]:
        return self.pages("entries", "entries", "after")

    def log(self, kind: str | None = None) -> Iterator[Line]:
        """The newest first."""
        return self.pages("log", "lines", "before", kind=kind)

    def files(self, key: str) -> list[File]:
        files: list[File] = self.get(f"rounds/{key}/files")["files"]
        return files

    def download(self, file: File, folder: Path) -> Path:
        """Fetch a file, from where an earlier try was broken off. Raises Damaged."""
        path = folder / file["name"]
        have = path.stat().st_size if path.exists() else 0
        if have < file["size"]:
            with self.http.stream("GET", file["url"], headers={"Range": f"bytes={have}-"}) as answer:
                if answer.is_error:
                    answer.read()
                    raise Refused(answer)
                with path.open("ab" if answer.status_code == httpx.codes.PARTIAL_CONTENT else "wb") as into:
                    for block in answer.iter_raw():
                        into.write(block)
        with path.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != file["sha256"]:
            path.unlink()
            raise Damaged(file["name"])
        return path

    def workers(self) -> list[Worker]:
        workers: list[Worker] = self.get("team/workers")["workers"]
        return workers

    def drain(self, worker: int) -> Worker:
        return self.change(worker, "drain")

    def resume(self, worker: int) -> Worker:
        return self.change(worker, "resume")

    def change(self, worker: int, how: str) -> Worker:
        answer = self.http.post(f"/api/v1/team/workers/{worker}/{how}")
        if answer.is_error:
            raise Refused(answer)
        changed: Worker = answer.json()
        return changed

    def pages(self, path: str, items: str, cursor: str, **query: str | None) -> Iterator[Any]:
        """All items of a list, page by page."""
        page: dict[str, Any] = {"next": None}
        while True:
            page = self.get(path, **query, **{cursor: page["next"]})
            yield from page[items]
            if page["next"] is None:
                return

    def get(self, path: str, **query: str | None) -> Any:
        return httpx.Response(200, content=self.content(path, **query)).json()

    def content(self, path: str, **query: str | None) -> bytes:
        """Raises Refused."""
        asked = {name: value for name, value in query.items() if value is not None}
        address = str(httpx.URL(f"/api/v1/{path}", params=asked))
        etag, content = self.known.get(address, ("", b""))
        answer = self.http.get(address, headers={"If-None-Match": etag} if etag else {})
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return content
        if answer.is_error:
            raise Refused(answer)
        if "ETag" in answer.headers:
            self.known[address] = (answer.headers["ETag"], answer.content)
        return answer.content
