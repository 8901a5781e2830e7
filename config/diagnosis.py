"""Whether the site is well. Each part is asked, under a time limit; each answer is a line, with what mends it.

A part that is down costs its own line and those of the parts that can only be asked through it.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from smtplib import SMTPException

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.mail import get_connection
from django.db import DatabaseError, connection, connections
from django.db.models import Min, Prefetch
from django.db.models.functions import Now
from django.utils import timezone
from redis import Redis, RedisError

from arena.models import Vote
from config.celery import app
from config.checks import LOOPBACK, unwritable
from config.contents import applied, unapplied, unknown
from config.models import Heartbeat
from inference.draining import in_service
from inference.models import Breaker, Entry, Worker
from leaderboard.models import LIVE, Board, Round, RoundState

QUESTION_SECONDS = 4.0
ALL_SECONDS = 12.0
CONNECT_SECONDS = 3
PING_SECONDS = 2.0
SLOW_SECONDS = 0.05
LATE = timedelta(seconds=60)  # for what happens every ten
SKEW_SECONDS, BAD_SKEW_SECONDS = 1.0, 5.0
LITTLE_BYTES, TOO_LITTLE_BYTES = 2_000_000_000, 200_000_000


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Answer:
    """How one part is. `mend` says what to do about it, where it is not well."""

    level: Level
    what: str
    words: str
    mend: str = ""


Question = Callable[[], Iterator[Answer]]


def diagnose() -> Iterator[Answer]:
    """Every answer, as it comes."""
    hurry()
    end = time.monotonic() + ALL_SECONDS
    well: dict[str, bool] = {}
    for what, question, through in QUESTIONS:
        if through and not well.get(through):
            continue
        answers = ask(what, question, min(QUESTION_SECONDS, end - time.monotonic()))
        well[what] = all(answer.level != Level.BAD for answer in answers)
        yield from answers


def hurry() -> None:
    """Let this process give up on the database early, and not wait in its pool."""
    options = connection.settings_dict["OPTIONS"]
    options.pop("pool", None)
    options["timeout" if connection.vendor == "sqlite" else "connect_timeout"] = CONNECT_SECONDS


def ask(what: str, question: Question, seconds: float) -> list[Answer]:
    """The question's answers, or that there was none."""
    answers: list[Answer] = []

    def listen() -> None:
        try:
            answers.extend(question())
        except Exception as wrong:  # noqa: BLE001  whatever it is, it is the answer
            answers.append(Answer(Level.BAD, what, first_line(wrong), MENDS.get(what, "")))
        finally:
            connections.close_all()

    # A daemon: what hangs must not keep this process.
    asked = threading.Thread(target=listen, daemon=True)
    asked.start()
    asked.join(max(seconds, 0.0))
    if asked.is_alive():
        return [Answer(Level.BAD, what, f"no answer within {seconds:.0f} s", MENDS.get(what, ""))]
    return answers


def first_line(wrong: Exception) -> str:
    return (str(wrong).strip().splitlines() or [type(wrong).__name__])[0]


def settings_fit() -> Iterator[Answer]:
    public = any(not LOOPBACK.fullmatch(host) for host in settings.ALLOWED_HOSTS)
    # Whether DATA_DIR can be written is the disk's line.
    told = [m for m in run_checks(include_deployment_checks=public) if m.id not in {"lms.E004", "lms.W017"}]
    found = [m for m in told if not m.is_silenced()]
    if not found:
        yield Answer(Level.OK, "settings", "they fit together")
    for message in found:
        level = Level.BAD if message.level >= ERROR else Level.WARN
        yield Answer(level, "settings", f"{message.msg} ({message.id})", message.hint or "")


def disk() -> Iterator[Answer]:
    folder = settings.DATA_DIR
    if why := unwritable(folder):
        yield Answer(Level.BAD, "disk", f"{folder} cannot be written: {why}", MENDS["disk"])
        return
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    level = Level.BAD if free < TOO_LITTLE_BYTES else Level.WARN if free < LITTLE_BYTES else Level.OK
    mend = "" if level == Level.OK else f"Make room: du -xh --max-depth 2 {there} | sort -h | tail"
    yield Answer(level, "disk", f"{free / 1e9:.1f} GB free in {there}", mend)


def database() -> Iterator[Answer]:
    named = connection.settings_dict
    address = f"{named['HOST']}/{named['NAME']}" if named["HOST"] else named["NAME"]
    try:
        connection.ensure_connection()
    except DatabaseError as wrong:
        yield Answer(Level.BAD, "database", f"{address} cannot be used: {first_line(wrong)}", MENDS["database"])
        return
    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute("SELECT 1")
        took = time.perf_counter() - started
    version = ".".join(str(part) for part in connection.get_database_version())
    yield round_trip("database", f"{connection.display_name} {version} at {address}", took)


def round_trip(what: str, who: str, took: float) -> Answer:
    slow = took > SLOW_SECONDS
    mend = "Put it nearer to the site, or see what keeps it busy." if slow else ""
    return Answer(Level.WARN if slow else Level.OK, what, f"{who} answers in {took * 1000:.2g} ms", mend)


def migrations() -> Iterator[Answer]:
    missing, newer = unapplied(), unknown(applied())
    if missing:
        shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        yield Answer(Level.BAD, "migrations", f"not applied: {shown}", "python manage.py migrate")
    elif newer:
        words = f"the database is newer than this code: {', '.join(newer)}"
        yield Answer(Level.WARN, "migrations", words, "Start the code that the database was migrated for.")
    else:
        yield Answer(Level.OK, "migrations", "all are applied")


def redis() -> Iterator[Answer]:
    with broker() as client:
        named = client.connection_pool.connection_kwargs
        address = named.get("path") or f"{named.get('host', 'localhost')}:{named.get('port', 6379)}"
        try:
            facts = client.info()
        except (RedisError, OSError) as wrong:
            yield Answer(Level.BAD, "redis", f"{address} cannot be used: {first_line(wrong)}", MENDS["redis"])
            return
        started = time.perf_counter()
        client.ping()
        took = time.perf_counter() - started
    yield round_trip("redis", f"Redis {facts['redis_version']} at {address}", took)
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory") and policy != "noeviction":
        words = f"when its memory is full it drops what it likes ({policy}): tasks, and words of running answers"
        yield Answer(Level.WARN, "redis", words, "redis-cli config set maxmemory-policy noeviction")


def broker() -> Redis:
    client: Redis = Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS, retry=None
    )
    return client


def database_clock() -> Iterator[Answer]:
    if connection.vendor != "postgresql":
        return  # the clock of this machine is its clock
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        (told,) = cursor.fetchone()
    yield skew("the database's", float(told), before)


def redis_clock() -> Iterator[Answer]:
    with broker() as client:
        client.ping()
        before = time.time()
        seconds, micros = client.time()
    yield skew("Redis'", seconds + micros / 1e6, before)


def skew(whose: str, told: float, before: float) -> Answer:
    """What a clock told, asked between `before` and now, says about ours."""
    off = (before + time.time()) / 2 - told
    if abs(off) <= SKEW_SECONDS:
        return Answer(Level.OK, "clock", f"ours and {whose} agree")
    words = f"ours is {abs(off):.1f} s {'ahead of' if off > 0 else 'behind'} {whose}: a round would end at two moments"
    level = Level.BAD if abs(off) > BAD_SKEW_SECONDS else Level.WARN
    return Answer(level, "clock", words, "On both machines: timedatectl set-ntp true")


def worker() -> Iterator[Answer]:
    started = time.perf_counter()
    replies = app.control.ping(timeout=PING_SECONDS) or []
    names = sorted(name for reply in replies for name in reply)
    if names:
        yield Answer(Level.OK, "worker", f"{', '.join(names)} answered")
    else:
        words = f"no Celery worker answered within {time.perf_counter() - started:.0f} s: votes are kept, not counted"
        yield Answer(Level.BAD, "worker", words, MENDS["worker"])


def beat() -> Iterator[Answer]:
    """Beat cannot be asked; what it sends arrives or does not."""
    who = "worker and beat" if settings.EMBEDDED else "beat"
    mend = "Start the web process; both are threads of it." if settings.EMBEDDED else "celery -A config beat"
    found = Heartbeat.objects.annotate(now=Now()).values_list("now", "at").first()
    if found is None:
        yield Answer(Level.BAD, who, "nothing that beat sends has ever reached a worker", mend)
        return
    age = found[0] - found[1]
    late = age > LATE
    words = f"what beat sends last reached a worker {ago(age)}"
    yield Answer(Level.BAD if late else Level.OK, who, words, mend if late else "")


def mail() -> Iterator[Answer]:
    """Whether the server takes us as who we say we are. Nothing is sent."""
    if not settings.EMAIL_HOST:
        yield Answer(Level.OK, "mail", f"no server is set; letters are kept in {settings.EMAIL_FILE_PATH}")
        return
    address = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with get_connection(timeout=CONNECT_SECONDS):
            yield Answer(Level.OK, "mail", f"{address} takes letters from us")
    except (SMTPException, OSError) as wrong:
        yield Answer(Level.WARN, "mail", f"{address} cannot be used: {first_line(wrong)}", MENDS["mail"])


def models() -> Iterator[Answer]:
    contest = open_round()
    if contest is None:
        return
    serving = Prefetch("workers", in_service(Worker.objects.all()))
    entries = Entry.objects.filter(participations__round=contest).order_by("slug").prefetch_related(serving)
    shut = set(Breaker.objects.exclude(opened_at=None).values_list("pk", flat=True))
    awake, asked = 0, []
    for entry in entries:
        workers = list(entry.workers.all())
        ill = [worker for worker in workers if not worker.healthy or worker.pk in shut]
        asked += [worker.checked_at for worker in workers if worker.checked_at]
        awake += len(ill) < len(workers)
        if not workers:
            mend = f"python manage.py add_entry {entry.slug} --name … --team … --worker http://…"
            yield Answer(Level.BAD, "models", f"{entry} has no worker in service, so it is not drawn", mend)
        elif ill:
            dead = len(ill) == len(workers)
            where = ", ".join(worker.url for worker in ill)
            words = f"{entry} does not answer at {where}" + (", so it is not drawn" if dead else "")
            broken = "Its answers break off: its own log says why. It is tried again by itself."
            dark = f"Start its server; curl {ill[0].url}/v1/models must say 200."
            mend = dark if not ill[0].healthy else broken
            yield Answer(Level.BAD if dead else Level.WARN, "models", words, mend)
    if asked and timezone.now() - min(asked) > LATE:
        words = f"a worker was last asked {since(min(asked))}, and should be every ten seconds"
        yield Answer(Level.WARN, "models", words, "See the lines of worker and beat.")
    elif awake:
        yield Answer(Level.OK, "models", f"{awake} of {len(entries)} entries can answer")


def round_now() -> Iterator[Answer]:
    for hindered in Round.objects.exclude(hindrance=""):
        words = f"the schedule cannot move {hindered} on: {hindered.hindrance}"
        yield Answer(Level.BAD, "round", words, f"python manage.py round {hindered.key}")
    for counted in Round.objects.filter(state=RoundState.TALLIED, leg=0):
        words = f"{counted} is counted and waits for its cut"
        yield Answer(Level.WARN, "round", words, "python manage.py close_round")
    contest = open_round()
    if contest is None:
        yield Answer(Level.OK, "round", "none is open")
    elif contest.ends_at > timezone.now():
        yield Answer(Level.OK, "round", f"{contest} is open until {local(contest.ends_at)}")
    elif contest.gate.is_open and timezone.now() - contest.ends_at > LATE:
        words = f"{contest} ended {since(contest.ends_at)} and nobody has closed it"
        yield Answer(Level.BAD, "round", words, "See the lines of worker and beat: they let it end.")
    else:
        words = f"{contest} ended {since(contest.ends_at)} and waits for its cut"
        yield Answer(Level.WARN, "round", words, "python manage.py close_round")


def votes() -> Iterator[Answer]:
    waiting = Vote.objects.filter(position=None)
    oldest = waiting.aggregate(oldest=Min("cast_at"))["oldest"]
    if oldest and timezone.now() - oldest > LATE:
        words = f"{waiting.count():,} are not counted yet, the oldest was cast {since(oldest)}: the fold is stuck"
        yield Answer(Level.BAD, "votes", words, "Look for fold_open_rounds in the worker's log; restart the worker.")
        return
    last = Board.objects.order_by("-created_at").first()
    words = f"board {last.number} of {last.series.slug} knows {last.votes:,}" if last else "none yet"
    yield Answer(Level.OK, "votes", words)


def open_round() -> Round | None:
    return Round.objects.filter(state__in=LIVE).select_related("gate").first()


def since(moment: datetime) -> str:
    return ago(timezone.now() - moment)


def ago(age: timedelta) -> str:
    """An age as a person says it."""
    seconds = max(age.total_seconds(), 0)
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def local(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}"


# What is asked, and through what it can only be asked.
QUESTIONS: list[tuple[str, Question, str]] = [
    ("settings", settings_fit, ""),
    ("disk", disk, ""),
    ("database", database, ""),
    ("migrations", migrations, "database"),
    ("clock", database_clock, "database"),
]
if not settings.EMBEDDED:
    QUESTIONS += [("redis", redis, ""), ("clock", redis_clock, "redis"), ("worker", worker, "redis")]
QUESTIONS += [
    ("mail", mail, ""),
    ("beat", beat, "migrations"),
    ("models", models, "migrations"),
    ("round", round_now, "migrations"),
    ("votes", votes, "migrations"),
]
MENDS = {
    "disk": "Give the folder to the user who runs the site, or set DATA_DIR to another.",
    "database": "Start it, or set DATABASE_URL (and DATABASE_PASSWORD) to where it is.",
    "redis": "Start it, or set REDIS_URL to where it is.",
    "worker": "celery -A config worker",
    "mail": "Start it, or set MAIL_HOST, MAIL_PORT, MAIL_SECURITY, MAIL_USER and MAIL_PASSWORD to what it wants.",
}
