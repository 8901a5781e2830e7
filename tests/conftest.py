"""Fixtures with stories: a site on a real port, a worker that misbehaves on request, a round, visitors."""

import os
import random
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from inference.standin import Standin
from tests.migrated import own_database
from tests.person import PASSWORD, Person
from tests.processes import RunningSite, running_site
from tests.servers import serving
from tests.visitor import Visitor

ROOT = Path(__file__).resolve().parent.parent
CI = bool(os.environ.get("CI"))

# A shell makes what it starts in the background deaf to Ctrl-C, which some tests press.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Folders whose tests know nothing of the site's database and Redis, or bring their own, or look at pages.
ONE_SHAPE = {"browser", "faults", "house", "rating"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL and Redis, leave out what the run on the embedded default proves for both."""
    if not (os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL")):
        return
    once = pytest.mark.skip(reason="the same on any database: the run on the embedded default makes it")
    for item in items:
        if item.get_closest_marker("one_shape") or ONE_SHAPE & {*item.path.relative_to(ROOT / "tests").parts}:
            item.add_marker(once)


def skip_or_fail(reason: str) -> None:
    """A missing part is a skip on a laptop and a failure in CI."""
    if CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The suite's own database need not survive a crash: a commit waits for no disk. Running sites have their own."""
    from django.db import connection

    if connection.vendor == "postgresql":
        connection.settings_dict["OPTIONS"]["options"] += " -c synchronous_commit=off"
    else:
        connection.settings_dict["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> Iterator[bool]:
    """The suite's database begins with its tables; they are not made again."""
    with own_database():
        yield True


@pytest.fixture(scope="session", autouse=True)
def little_to_clean_up() -> Iterator[None]:
    """Between tests, delete the few rows there are.

    Django truncates every table, which PostgreSQL does by making thirty files, and then makes permissions that nobody
    here asks for; together that took most of the suite's time.
    """
    from django.core.management.commands import flush
    from django.db.backends.postgresql.operations import DatabaseOperations

    def deletions(self: DatabaseOperations, style: Any, tables: list[str], **how: Any) -> list[str]:
        return [f"DELETE FROM {self.quote_name(table)};" for table in tables]  # noqa: S608  Django names the tables

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", deletions)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of other people's data, which is not part of this repository."""
    folder = Path(os.environ.get("LMS_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        skip_or_fail(f"{folder} is not there (LMS_DATA names the folder)")
    return folder


@pytest.fixture(autouse=True)
def unchecked_workers() -> Iterator[None]:
    """Most rounds here are about something else than whether the stand-in keeps their pace."""
    with override_settings(UNCHECKED_WORKERS=True):
        yield


@dataclass
class Worker:
    """The stand-in and where it answers."""

    app: Standin
    url: str


@pytest.fixture(scope="session")
def latest_standin() -> Iterator[tuple[list[Standin], str]]:
    """One server for all of them, of whom the latest answers: to start and to end one costs more than most tests."""
    latest: list[Standin] = []

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        await latest[0](scope, receive, send)

    with serving(answer) as url:
        yield latest, url


@pytest.fixture
def worker(latest_standin: tuple[list[Standin], str]) -> Worker:
    latest, url = latest_standin
    latest[:] = [Standin()]
    return Worker(latest[0], url)


BY_SCORE = ["score", "earlier_submission"]


@pytest.fixture
def contest(transactional_db: None, worker: Worker) -> Any:
    """An open round of four entries, all answered for by the stand-in, shown as fast as they speak.

    It has few votes, so that its line is tied as a rule; then the score as it stands decides.
    """
    return make_contest(worker, 4)


def make_contest(worker: Worker, entries: int, **options: Any) -> Any:
    from leaderboard.rounds import open_round

    usual = {"ends_at": timezone.now() + timedelta(days=30), "minimum_votes": 2, "pace": 0, "tie_chain": BY_SCORE}
    settings = usual | options
    return open_round(make_entries(worker, entries), **settings)


def make_entries(worker: Worker, entries: int) -> list[Any]:
    """Entries of as many teams, all answered for by the stand-in."""
    from accounts.models import Team
    from inference.models import Entry
    from inference.models import Worker as WorkerRow

    made = []
    for name in ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir")[:entries]:
        slug = name.lower()
        team = Team.objects.create(slug=f"team-{slug}", name=f"Team {name}")
        made.append(Entry.objects.create(team=team, slug=slug, name=name))
        WorkerRow.objects.create(entry=made[-1], url=worker.url, served_name=slug, slots=100, healthy=True)
    return made


@pytest.fixture
def site(contest: Any, settings: Any) -> Iterator[str]:
    """The whole site with that round on a real port, but for Celery: a test folds when it wants a new board."""
    from config.asgi import application

    settings.RUN_CELERY = False
    with serving(application, lifespan="on") as url:
        yield url


@pytest.fixture
def newcomer(site: str) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each with a device of its own."""
    visitors: list[Visitor] = []

    def arrive(language: str = "en") -> Visitor:
        visitors.append(Visitor(site, language))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.close()


@pytest.fixture
def visitor(newcomer: Callable[..., Visitor]) -> Visitor:
    return newcomer()


@pytest.fixture
def quick_passwords(settings: Any) -> Iterator[None]:
    """A hash that costs nothing, and no tries or used codes left over from another test."""
    from django.core.cache import cache

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def organizer(quick_passwords: None) -> Callable[..., Person]:
    """Makes organizers, signed in and with a second factor shown unless told otherwise."""
    from accounts.organizers import add_organizer

    def make(name: str = "ada", *, ready: bool = True, language: str = "en") -> Person:
        add_organizer(name=name, email=f"{name}@example.org", password=PASSWORD)
        person = Person(name, language)
        if ready:
            person.sign_in()
            person.set_up_second_factor()
            person.post("/accounts/2fa/reauthenticate/", {"code": person.code()})
        return person

    return make


@pytest.fixture
def member(quick_passwords: None) -> Callable[..., Person]:
    """Makes members of the teams of `make_entries`, signed in."""
    from accounts.models import Membership, Team, User

    def make(slug: str, role: str = "owner", language: str = "en") -> Person:
        name = f"{slug}-{role}"
        user, _new = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.org"})
        user.set_password(PASSWORD)
        user.save()
        user.emailaddress_set.get_or_create(email=user.email, verified=True, primary=True)
        Membership.objects.get_or_create(team=Team.objects.get(slug=f"team-{slug}"), user=user, role=role)
        person = Person(name, language)
        person.sign_in()
        return person

    return make


@pytest.fixture
def link() -> Callable[[], str]:
    """The path of the link in the last letter that has one."""
    from django.core import mail

    def last() -> str:
        return re.findall(r"https?://[^/\s]+(/\S+)", "\n".join(letter.body for letter in mail.outbox))[-1]

    return last


@pytest.fixture
def seeded() -> random.Random:
    return random.Random(20261122)


@pytest.fixture(scope="session")
def echo_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """The demonstration as `make demo MODELS=echo` starts it, shared by the walks; each brings its visitors."""
    with running_site(tmp_path_factory.mktemp("echo-site"), models="echo") as site:
        yield site
