"""What the site logs: one line an event, for a person or for a machine, each with the request and battle it belongs to.

Modules log through the standard library; structlog only gives the lines their form.
"""

from typing import Any

import structlog

COMMON: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# Plain tracebacks in both: structlog's own would show every variable, and with them prompts and passwords.
FORMS: dict[str, list[Any]] = {
    "line": [
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback)
    ],
    "json": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)],
}


def logging_settings(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING. form: "line" or "json"."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": COMMON,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *FORMS[form]],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {form: formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "httpx": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            # Requests are logged in config/requests.py, with their time; what breaks in one, by Django.
            "django.request": {"level": "ERROR"},
        },
    }
