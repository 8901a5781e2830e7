"""Django's settings, from config/environment.py. Empty: a laptop; with DATABASE_URL and REDIS_URL: production."""

import contextlib
import gc
import os
import secrets
import sys
import tempfile
from collections.abc import MutableMapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from psycopg_pool import ConnectionPool
from pydantic import ValidationError

from config.environment import ROOT, Environment
from config.logs import logging_settings
from config.schedules import every

# Loading makes half a million objects that stay. To look through them after every seven hundred new ones, as Python
# does by itself, took a fifth of each start.
gc.set_threshold(50_000)

try:
    ENV = Environment()
except ValidationError as wrong:
    for problem in wrong.errors():
        print(f"{str(problem['loc'][0]).upper()}: {problem['msg']}", file=sys.stderr)  # noqa: T201  logging is not up yet
    sys.exit(2)
except OSError as wrong:
    print(f"{wrong.filename}: {wrong.strerror}", file=sys.stderr)  # noqa: T201  a secret that may not be read
    sys.exit(2)


def kept_secret(folder: Path, name: str) -> str:
    """A secret made at the first start and kept: cookies, and what is encrypted, must outlive a restart."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    if not file.exists():
        descriptor, made = tempfile.mkstemp(dir=folder)  # for the owner's eyes only
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(50))
        # Whole or not at all, and the first of two processes wins.
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
        Path(made).unlink()
    return file.read_text()


EMBEDDED = not ENV.redis_url
RUN_CELERY = EMBEDDED if ENV.run_celery is None else ENV.run_celery
DATA_DIR = ENV.data_dir
try:
    SECRET_KEY = ENV.secret_key.get_secret_value() if ENV.secret_key else kept_secret(DATA_DIR, "secret_key")
    worker_keys = ENV.worker_keys.get_secret_value() if ENV.worker_keys else kept_secret(DATA_DIR, "worker_keys")
except OSError as wrong:
    print(f"DATA_DIR: {DATA_DIR} cannot keep a secret: {wrong.strerror}", file=sys.stderr)  # noqa: T201
    sys.exit(2)
WORKER_KEYS = [key.strip() for key in worker_keys.split(",")]
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.names("allowed_hosts")
CSRF_TRUSTED_ORIGINS = ENV.names("trusted_origins")
TRUSTED_PROXIES = ENV.trusted_proxies

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_vite",
    "accounts",
    "inference",
    "arena",
    "leaderboard",
    "frontend",  # before allauth: its pages are in our templates
    "config",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
SILENCED_SYSTEM_CHECKS = [
    "4_0.E001",  # lms.E003 says it with the setting's name
    "django_vite.W001",  # lms.W016 says it with the command
    "security.W005",  # whether other sites under the domain speak https is not for this one to say
    "security.W008",  # the proxy in front redirects
    "security.W009",  # lms.W008 says it, with a command that makes one
    "security.W021",  # nor does it enter the domain into browsers
]
MIDDLEWARE = [
    # Static files are answered before all of these: config/pages.py.
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    # Neither asks the database about a visitor who has no session; nor does one who votes ever get one.
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "arena.middleware.RefusalMiddleware",
    "leaderboard.quotas.Quotas",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.site",
            ],
        },
    }
]

# SQLite: a write transaction must take its lock at the start and readers must not block it; with anything less,
# threads see "database is locked".
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
# PostgreSQL: each request is a thread of its own and would connect anew; the pool lends it a connection.
POSTGRESQL_OPTIONS: dict[str, Any] = {
    "pool": {
        "min_size": 1,
        "max_size": ENV.database_connections,
        "timeout": 5,  # when all are lent: an error soon, not a visitor who waits for ever
        # The server may go away and come back. Whoever finds that out looks at all the others too, and connecting is
        # tried anew every second, not ever more seldom. The fewer are idle, the fewer are dead.
        "reconnect_timeout": 1,
        "reconnect_failed": ConnectionPool.check,
        "max_idle": 5,
    },
    "connect_timeout": 3,
    # The server plans a question once a connection, not at each vote: planning took longer than answering.
    "server_side_binding": True,
    "prepare_threshold": 5,
    # A process that hangs inside a transaction must not hold a gate for ever. No limit on statements or locks: a vote
    # waits as long as a closing round needs, and then knows whether it is in.
    "options": "-c idle_in_transaction_session_timeout=30s",
}
DATABASES = {"default": dj_database_url.parse(ENV.database_url or f"sqlite:///{DATA_DIR / 'site.sqlite3'}")}
if ENV.database_password and not DATABASES["default"].get("PASSWORD"):
    DATABASES["default"]["PASSWORD"] = ENV.database_password.get_secret_value()
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
    # A file, as in service: an in-memory test database is shared by threads under other locking rules.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}
else:
    # What the address says (?sslmode=…) stays.
    DATABASES["default"]["OPTIONS"] = POSTGRESQL_OPTIONS | DATABASES["default"].get("OPTIONS", {})
    # Before it is lent: the server may have restarted since.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"

# Accounts are made at an invitation or by a command; allauth signs in, keeps second factors and changes addresses.
ACCOUNT_ADAPTER = "frontend.signing_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # or anybody could have us write to anybody
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Last Model Standing] "
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
MFA_ADAPTER = "accounts.second_factors.SecondFactors"
MFA_FORMS = {"authenticate": "accounts.codes.SignInForm", "reauthenticate": "accounts.codes.AgainForm"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a new address waits for its link beside the old one, and opens nothing until then
MFA_TOTP_ISSUER = "Last Model Standing"
MFA_TOTP_TOLERANCE = 1  # a code typed in its last second
SESSION_COOKIE_AGE = 12 * 3600  # in the database; the cookie goes with the browser
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own

EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if ENV.mail_host else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER = ENV.mail_host, ENV.mail_port, ENV.mail_user
EMAIL_HOST_PASSWORD = ENV.mail_password.get_secret_value() if ENV.mail_password else ""
EMAIL_USE_TLS, EMAIL_USE_SSL = ENV.mail_security == "starttls", ENV.mail_security == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENV.mail_from

# How often a password was tried, and which codes are used up. Without Redis nobody signs in: guesses must be counted.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if EMBEDDED
    else {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENV.redis_url,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

CHANNEL_LAYERS = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    if EMBEDDED
    else {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [ENV.redis_url]}}
}
REDIS_URL = ENV.redis_url
LIMITS_STORAGE = ENV.redis_url or "memory://"

CELERY_BROKER_URL = ENV.redis_url or "memory://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.1} if EMBEDDED else {}
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULE = {
    "fold": {
        "task": "leaderboard.tasks.fold_open_rounds",
        "schedule": every(ENV.fold_seconds),
        "options": {"expires": 5},
    },
    "checks": {"task": "inference.tasks.check_workers", "schedule": every(2), "options": {"expires": 2}},
    "exports": {"task": "leaderboard.tasks.write_exports", "schedule": every(2), "options": {"expires": 2}},
    "heartbeat": {"task": "config.tasks.heartbeat", "schedule": every(10), "options": {"expires": 10}},
    "erase": {"task": "arena.tasks.erase_old", "schedule": every(3600), "options": {"expires": 3600}},
    "lists": {"task": "leaderboard.tasks.pin_official_lists", "schedule": every(10), "options": {"expires": 10}},
    "margins": {"task": "leaderboard.tasks.measure_margins", "schedule": every(60), "options": {"expires": 60}},
    "previews": {"task": "leaderboard.tasks.preview_decisions", "schedule": every(60), "options": {"expires": 60}},
    "probe": {"task": "inference.tasks.probe_workers", "schedule": every(10), "options": {"expires": 10}},
    "sessions": {"task": "accounts.tasks.forget_sessions", "schedule": every(3600), "options": {"expires": 3600}},
    "style": {"task": "leaderboard.tasks.control_styles", "schedule": every(60), "options": {"expires": 60}},
    "trials": {"task": "inference.tasks.try_workers", "schedule": every(5), "options": {"expires": 5}},
    "void": {"task": "arena.tasks.void_abandoned", "schedule": every(5), "options": {"expires": 5}},
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LOCALE_PATHS = [ROOT / "frontend" / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Seoul"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "frontend" / "dist"
DJANGO_VITE = {"default": {"dev_mode": False, "manifest_path": STATIC_ROOT / "manifest.json"}}
SERVESTATIC_ALLOW_ALL_ORIGINS = False


def SERVESTATIC_ADD_HEADERS_FUNCTION(headers: MutableMapping[str, str], path: str, url: str) -> None:  # noqa: N802
    """Static files do not pass the security middleware; Vite puts a digest into the names of its assets."""
    headers["X-Content-Type-Options"] = "nosniff"
    if url.startswith("/static/assets/"):
        headers["Cache-Control"] = "max-age=31536000, public, immutable"


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "worker-src": [SELF],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "arena.views.csrf_failure"
VISITOR_COOKIE = "visitor"
VISITOR_COOKIE_AGE = 400 * 24 * 3600
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = ENV.https
SESSION_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if ENV.https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https and ENV.trusted_proxies else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024

BATTLES_PER_VISITOR = ENV.battles_per_visitor
BATTLES_PER_ADDRESS = ENV.battles_per_address
API_PER_ADDRESS = ENV.api_per_address
WORKER_NETWORKS = [
    ip_network(text) for text in ENV.names("worker_networks") or ([] if ENV.https else ["127.0.0.0/8", "::1/128"])
]
WORKER_PACE_SECONDS = ENV.worker_pace_seconds
CANARY_SECONDS = ENV.canary_seconds
UNCHECKED_WORKERS = bool(ENV.demo) if ENV.unchecked_workers is None else ENV.unchecked_workers
LINE_PLACES = ENV.line_places
WORKER_CONNECT_SECONDS = ENV.worker_connect_seconds
WORKER_QUEUE_SECONDS = ENV.worker_queue_seconds
WORKER_FIRST_TOKEN_SECONDS = ENV.worker_first_token_seconds
WORKER_IDLE_SECONDS = ENV.worker_idle_seconds
WORKER_TOTAL_SECONDS = ENV.worker_total_seconds
ABANDON_SECONDS = ENV.abandon_seconds
RETENTION_DAYS = ENV.retention_days
MODERATION_URL = ENV.moderation_url
MODERATION_KEY = ENV.moderation_key.get_secret_value() if ENV.moderation_key else ""
MODERATION_SECONDS = ENV.moderation_seconds
DEMO = ENV.demo

LOGGING = logging_settings(ENV.log_format, ENV.log_level)
DRAIN_SECONDS = ENV.drain_seconds
METRICS_PORT = ENV.metrics_port
METRICS_HOST = ENV.metrics_host
