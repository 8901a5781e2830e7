"""The settings an operator may set, in one typed list; a wrong value stops the start with its name.

Every field is an environment variable of the same name in capitals (or a line of `.env`), and stands with its
default in `.env.example`. An empty environment is a complete site for a laptop. Where the environment and `.env` are
silent, a file of the field's name in SECRETS_DIR is its value, so that secrets need not stand in either.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import DirectoryPath, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
SECRETS_DIR = Path("/run/secrets")  # where Docker and Podman mount them


class Environment(BaseSettings):
    model_config = SettingsConfigDict(env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore")

    secret_key: SecretStr | None = Field(default=None, description="Signs cookies; made and kept in DATA_DIR if empty.")
    worker_keys: SecretStr | None = Field(
        default=None,
        description="Encrypt workers' keys: the first of them, comma-separated; all decrypt. Made like SECRET_KEY.",
    )
    secrets_dir: DirectoryPath | None = Field(
        default=None,
        description="Folder of secrets, each a file named secret_key, database_password…; or /run/secrets.",
    )
    debug: bool = Field(default=False, description="Django's error pages. Never in production.")
    data_dir: Path = Field(default=ROOT / "var", description="The database file, model files and exports.")
    database_url: str = Field(default="", description="postgres://… in production; SQLite in DATA_DIR if empty.")
    database_password: SecretStr | None = Field(
        default=None, description="The database's password, where DATABASE_URL names none."
    )
    database_connections: int = Field(
        default=16, ge=2, le=1000, description="PostgreSQL connections of one process at most; it keeps one open."
    )
    redis_url: str = Field(default="", description="redis://… in production; everything in one process if empty.")
    run_celery: bool | None = Field(
        default=None, description="Fold and probe inside the web process; by default only where REDIS_URL is empty."
    )
    allowed_hosts: str = Field(default="localhost,127.0.0.1,[::1]", description="Host names, comma-separated.")
    https: bool = Field(default=False, description="The site is reached by https only: secure cookies, HSTS.")
    trusted_origins: str = Field(default="", description="Other origins (https://…) that may post, comma-separated.")
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="Proxies in front whose X-Forwarded-For is believed."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="What is logged.")
    log_format: Literal["line", "json"] = Field(
        default="line", description="For a person, or one JSON object a line for what collects logs."
    )
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="Where each process shows its metrics to Prometheus; 0 for nowhere."
    )
    metrics_host: str = Field(default="127.0.0.1", description="Their address. Keep it private.")
    drain_seconds: float = Field(
        default=150, ge=0, description="How long an ending web process lets its streams go on."
    )
    battles_per_visitor: int = Field(default=120, ge=1, description="New battles a visitor may start in ten minutes.")
    battles_per_address: int = Field(
        default=1200, ge=1, description="The same for one address; a classroom shares one."
    )
    api_per_address: int = Field(
        default=1200, ge=1, description="Requests to the API that one address may make in a minute."
    )
    worker_networks: str = Field(
        default="",
        description="Networks with workers that are not public (10.0.0.0/8, …); empty: loopback where HTTPS is false.",
    )
    worker_pace_seconds: float = Field(
        default=8, gt=0, le=60, description="For how long a worker that registers is asked as much as it has slots."
    )
    canary_seconds: float = Field(
        default=1800, ge=60, description="How often a worker is asked what it was asked when it registered."
    )
    unchecked_workers: bool | None = Field(
        default=None,
        description="Rounds open whether or not their workers sustain the pace; by default only where DEMO is set.",
    )
    line_places: int = Field(
        default=200, ge=1, description="Battles that may wait for a place with both models; more are turned away."
    )
    worker_connect_seconds: float = Field(default=3, gt=0, description="How long connecting to a worker may take.")
    worker_queue_seconds: float = Field(
        default=60, gt=0, description="How long a reply that failed waits for another worker."
    )
    worker_first_token_seconds: float = Field(default=45, gt=0, description="…until its first words.")
    worker_idle_seconds: float = Field(default=25, gt=0, description="…between two pieces of text.")
    worker_total_seconds: float = Field(default=120, gt=0, le=150, description="…from the first word to the last.")
    abandon_seconds: float = Field(default=15, gt=0, description="A stream nobody watches ends after this.")
    fold_seconds: float = Field(default=0.5, gt=0, description="How often new votes are looked for.")
    retention_days: int = Field(default=30, ge=1, description="The text of conversations is erased after this.")
    moderation_url: str = Field(
        default="", description="Asked about every prompt in OpenAI's moderation shape (https://…/v1/moderations)."
    )
    moderation_key: SecretStr | None = Field(default=None, description="…and the key that it wants, if any.")
    moderation_seconds: float = Field(default=2.5, gt=0, description="…without an answer, the prompt goes on.")
    mail_host: str = Field(
        default="",
        description="The server that takes mail (smtp.example.org); kept as files in DATA_DIR/mail if empty.",
    )
    mail_port: int = Field(default=587, ge=1, le=65535, description="…its port.")
    mail_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="…how it is spoken to: starttls (587), tls (465), or none on loopback."
    )
    mail_user: str = Field(default="", description="…as whom, if it wants to know.")
    mail_password: SecretStr | None = Field(default=None, description="…with which password.")
    mail_from: str = Field(
        default="noreply@localhost", description="The sender of invitations and of what secures accounts."
    )
    demo: Literal["", "real", "echo", "season", "contest"] = Field(
        default="", description="Every page says that this is a demonstration, and of what kind."
    )

    @field_validator("database_url")
    @classmethod
    def known_database(cls, url: str) -> str:
        if url and not url.startswith(("postgres://", "postgresql://", "sqlite:///")):
            raise ValueError("must start with postgres://, postgresql:// or sqlite:///")
        return readable(url)

    @field_validator("redis_url")
    @classmethod
    def known_broker(cls, url: str) -> str:
        if url and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return readable(url)

    @field_validator("moderation_url")
    @classmethod
    def known_endpoint(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url

    @field_validator("mail_host")
    @classmethod
    def host_alone(cls, host: str) -> str:
        if "/" in host or ":" in host or host != host.strip():
            raise ValueError("must be a host name; the port is MAIL_PORT")
        return host

    @field_validator("moderation_key")
    @classmethod
    def sendable(cls, key: SecretStr | None) -> SecretStr | None:
        if key and not (key.get_secret_value().isascii() and key.get_secret_value().isprintable()):
            raise ValueError("must be printable ASCII")
        return key

    @field_validator("worker_keys")
    @classmethod
    def long_enough(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys and min(len(key.strip()) for key in keys.get_secret_value().split(",")) < 32:
            raise ValueError("each must have at least 32 characters")
        return keys

    @field_validator("worker_networks")
    @classmethod
    def known_networks(cls, networks: str) -> str:
        for text in networks.split(",") if networks else []:
            ip_network(text.strip())
        return networks

    @field_validator("data_dir")
    @classmethod
    def absolute(cls, path: Path) -> Path:
        return path if path.is_absolute() else ROOT / path

    def names(self, field: str) -> list[str]:
        """A comma-separated setting as a list."""
        return [name.strip() for name in str(getattr(self, field)).split(",") if name.strip()]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then `.env`, then the folder of secrets that either of them names."""
        told: dict[str, Any] = dotenv_settings() | env_settings()
        folder = Path(told.get("secrets_dir") or SECRETS_DIR)
        # One that is not there is an error of its field, or nobody's wish.
        files = SecretsSettingsSource(settings_cls, folder) if folder.is_dir() else file_secret_settings
        return init_settings, env_settings, dotenv_settings, files


def readable(url: str) -> str:
    """The address. Raises ValueError if it cannot be taken apart: Python's own words would show half the password."""
    try:
        urlsplit(url).port  # noqa: B018  read for its error
    except ValueError:
        raise ValueError("cannot be read; in a password, write / : @ # ? as %2F %3A %40 %23 %3F") from None
    return url
