"""What an operator set that does not fit together: `manage.py check` names it and says how to mend it.

A value wrong by itself stops the start already (config/environment.py). Here an error cannot work, and a warning works
otherwise than meant. An empty environment and a right production have neither.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  Django's own name for it

from arena.battles import BATTLE_SECONDS
from config.environment import ROOT, Environment

HOST = re.compile(r"\*|\.?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE)
LOOPBACK = re.compile(r"localhost|.*\.localhost|127\.[0-9.]+|\[::1\]", re.IGNORECASE)
PLACEHOLDER = re.compile(r"change|example|insecure|replace|secret.?key", re.IGNORECASE)
LATE_FOLD_SECONDS = 10


def check_settings(**_: Any) -> list[CheckMessage]:
    """Everything that can be said without asking another machine."""
    env = settings.ENV
    return [*shape(env), *doors(env), *secrets(env), *clocks(env), *files(env)]


def check_production(**_: Any) -> list[CheckMessage]:
    """With `--deploy`: what is right on one machine only."""
    return list(own_secrets(settings.ENV)) if settings.ENV.redis_url else []


def own_secrets(env: Environment) -> Iterator[CheckMessage]:
    if not env.secret_key:
        yield Warning(
            f"SECRET_KEY is empty, so each machine makes one of its own in {settings.DATA_DIR}; a visitor known to one "
            "would be a stranger to the others.",
            hint="Give all processes the same SECRET_KEY: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="lms.W010",
        )
    if not env.worker_keys:
        yield Warning(
            f"WORKER_KEYS is empty, so each machine makes one of its own in {settings.DATA_DIR}; the key of a worker "
            "entered on one could not be read on the others.",
            hint="Give all processes the same WORKER_KEYS, made like SECRET_KEY.",
            id="lms.W019",
        )


def shape(env: Environment) -> Iterator[CheckMessage]:
    """One process or several: the database, Redis and who folds must agree on it."""
    postgres = env.database_url.startswith("postgres")
    if postgres and not env.redis_url:
        yield Warning(
            "REDIS_URL is empty: this is a site of one web process. A second one would fold the same votes, and "
            "neither would hear the other's boards or streams.",
            hint="Set REDIS_URL before starting a second process.",
            id="lms.W001",
        )
    if env.redis_url and not postgres:
        yield Warning(
            "REDIS_URL is set and the database is SQLite: one file on one machine, which takes one vote at a time.",
            hint="Set DATABASE_URL=postgres://…, or leave REDIS_URL empty for a site of one process.",
            id="lms.W002",
        )
    if env.redis_url and env.run_celery:
        yield Warning(
            "RUN_CELERY is true and REDIS_URL is set: every web process would be a Celery worker and a beat.",
            hint="Leave RUN_CELERY empty, and run celery -A config worker and one celery -A config beat.",
            id="lms.W003",
        )
    if not env.redis_url and env.run_celery is False:
        yield Error(
            "RUN_CELERY is false and REDIS_URL is empty: nobody folds votes, probes workers or ends rounds.",
            hint="Leave RUN_CELERY empty.",
            id="lms.E001",
        )


def doors(env: Environment) -> Iterator[CheckMessage]:
    """Under which names, and over what, the site is reached."""
    hosts = env.names("allowed_hosts")
    wrong = [host for host in hosts if not HOST.fullmatch(host)]
    if wrong or not hosts:
        yield Error(
            f"ALLOWED_HOSTS must be host names without https://, port or path; no request matches "
            f"{', '.join(wrong) or 'an empty list'}.",
            hint="For example ALLOWED_HOSTS=arena.example.org (a name in Hangul as xn--…).",
            id="lms.E002",
        )
    if "*" in hosts:
        yield Warning(
            "ALLOWED_HOSTS is *: any page that points its own name here may open sockets as this site.",
            hint="List the site's host names.",
            id="lms.W005",
        )
    public = [host for host in hosts if not LOOPBACK.fullmatch(host)]
    if env.debug and (public or env.https):
        yield Warning(
            "DEBUG is true on a site for others: an error shows them code and settings.",
            hint="Set DEBUG=false.",
            id="lms.W004",
        )
    if env.demo and (public or env.https):
        yield Warning(
            "DEMO is set on a site for others: every page says that this is a demonstration.",
            hint="Leave DEMO empty.",
            id="lms.W015",
        )
    if public and not env.https:
        yield Warning(
            f"HTTPS is false and the site answers as {public[0]}: cookies travel in the clear, and behind a proxy "
            "that speaks https every post is refused.",
            hint="Put a proxy with a certificate in front, and set HTTPS=true and TRUSTED_PROXIES=1.",
            id="lms.W006",
        )
    if env.https and not env.trusted_proxies:
        yield Warning(
            "HTTPS is true and TRUSTED_PROXIES is 0: behind a proxy all visitors have its address and share one "
            "limit, and every post is refused.",
            hint="Set TRUSTED_PROXIES to the number of proxies in front, mostly 1.",
            id="lms.W007",
        )
    if public and not env.mail_host:
        yield Warning(
            f"MAIL_HOST is empty on a site for others: letters to teams and organizers stay as files in "
            f"{settings.EMAIL_FILE_PATH}.",
            hint="Set MAIL_HOST, MAIL_USER, MAIL_PASSWORD and MAIL_FROM.",
            id="lms.W018",
        )
    bad = [origin for origin in env.names("trusted_origins") if not is_origin(origin)]
    if bad:
        yield Error(
            f"TRUSTED_ORIGINS must be a scheme and a host, and nothing else; no browser sends {', '.join(bad)}.",
            hint="For example TRUSTED_ORIGINS=https://arena.example.org",
            id="lms.E003",
        )


def is_origin(text: str) -> bool:
    """Whether a browser could send it as an Origin; Django lets the first label be a star."""
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and text == f"{parts.scheme}://{parts.netloc}"


def secrets(env: Environment) -> Iterator[CheckMessage]:
    """Who may know the secrets that sign cookies and encrypt keys."""
    key = env.secret_key.get_secret_value() if env.secret_key else ""
    if key and (len(key) < 32 or PLACEHOLDER.search(key)):
        yield Warning(
            "SECRET_KEY is short or looks like an example: who guesses it can vote as anybody.",
            hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="lms.W008",
        )
    for name, given in (("secret_key", env.secret_key), ("worker_keys", env.worker_keys)):
        kept = settings.DATA_DIR / name
        if not given and kept.exists() and kept.stat().st_mode & 0o077:
            yield Warning(f"{kept} may be read by others on this machine.", hint=f"chmod 600 {kept}", id="lms.W009")


def clocks(env: Environment) -> Iterator[CheckMessage]:
    """Time limits that make each other useless."""
    first_words = env.worker_queue_seconds + env.worker_first_token_seconds
    if first_words >= BATTLE_SECONDS:
        yield Warning(
            f"WORKER_QUEUE_SECONDS and WORKER_FIRST_TOKEN_SECONDS let a reply wait {first_words:g} s for its first "
            f"words, and no turn lasts longer than {BATTLE_SECONDS}: who waited sees the battle void.",
            hint="Lower them; 60 and 45 leave time to speak.",
            id="lms.W011",
        )
    if env.worker_idle_seconds >= env.worker_total_seconds:
        yield Warning(
            "WORKER_IDLE_SECONDS is no less than WORKER_TOTAL_SECONDS: a reply that stands still is never noticed.",
            hint="Lower WORKER_IDLE_SECONDS.",
            id="lms.W012",
        )
    if env.abandon_seconds >= BATTLE_SECONDS:
        yield Warning(
            f"ABANDON_SECONDS is no less than {BATTLE_SECONDS}, the longest turn: models answer on for nobody.",
            hint="Lower ABANDON_SECONDS; 15 outlives a tunnel.",
            id="lms.W014",
        )
    if env.fold_seconds > LATE_FOLD_SECONDS:
        yield Warning(
            f"FOLD_SECONDS is {env.fold_seconds:g}: boards move, and the end of a round is noticed, that late.",
            hint="Lower FOLD_SECONDS; looking for votes costs a read.",
            id="lms.W013",
        )


def files(env: Environment) -> Iterator[CheckMessage]:
    """What must lie on the disk, and where we must be able to write."""
    compiled = [settings.STATIC_ROOT / "manifest.json", ROOT / "frontend/locale/ko/LC_MESSAGES/django.mo"]
    missing = [file for file in compiled if not file.exists()]
    if missing:
        yield Warning(
            f"The front end is not compiled: {', '.join(str(file.relative_to(ROOT)) for file in missing)} is not "
            "there. A web process cannot show its pages.",
            hint=f"make {' '.join(str(file.relative_to(ROOT)) for file in missing)}",
            id="lms.W016",
        )
    sqlite = not env.database_url
    if why := unwritable(settings.DATA_DIR):
        message = Error if sqlite else Warning
        yield message(
            f"DATA_DIR {settings.DATA_DIR} cannot be written: {why}.",
            hint="Give the folder to the user who runs the site, or set DATA_DIR to another.",
            id="lms.E004" if sqlite else "lms.W017",
        )


def unwritable(folder: Path) -> str:
    """Why nothing can be written into a folder, which may yet have to be made; "" if it can."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    try:
        # Tried, not asked for: rights say nothing about disks that are full or mounted to be read.
        with tempfile.TemporaryFile(dir=there):
            return ""
    except OSError as wrong:
        return wrong.strerror or str(wrong)
