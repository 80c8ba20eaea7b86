"""Settings from environment variables and from files. An invalid one stops the start, and the error message names it."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from webapp.parsing import int_from

VERSION = "1.0.0"  # as in pyproject.toml; `make release-check` compares
LICENSES = ("all-rights-reserved", "CC-BY-4.0")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
TIME_ZONES = available_timezones()  # once: it opens some 600 files
KEY_LENGTH = 32
LONGEST_MODEL = 100  # characters of the name of a language model
ROOT = Path(__file__).resolve().parent.parent
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - what HOST may say, not a default
INSTALLED = ROOT / ".installed"  # made by `make install`: the path of the command that knows the settings


class ConfigError(ValueError):
    """A setting is invalid; the message starts with its name."""


def command_line(arguments: str) -> str:
    """A command of the site as operators type it: with ``scrh`` where that is installed, otherwise with ``flask``."""
    program = Path(INSTALLED.read_text(encoding="utf-8").strip()).name if INSTALLED.exists() else "flask"
    return f"{program} {arguments}"


def with_port(host: str, port: int) -> str:
    """A host and its port; an IPv6 address gets brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _setting(default: str, parse: Callable[[str], Any], about: str) -> Any:
    return field(metadata={"default": default, "parse": parse, "about": about})


def _given(source: Mapping[str, str], name: str) -> str:
    """The text of a setting: from the environment, the file that NAME_FILE names, or systemd's credential of that name.

    A file keeps a secret out of the environment, which every program started from here inherits.
    """
    value, file = source.get(name, ""), source.get(f"{name}_FILE", "")
    if value and file:
        raise ValueError(f"give this or {name}_FILE, not both")
    if not (value or file) and (folder := source.get("CREDENTIALS_DIRECTORY")):
        credential = Path(folder, name)
        file = str(credential) if credential.exists() else ""
    if not file:
        return value
    try:
        value = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {file}") from error
    if not value:
        raise ValueError(f"{file} is empty")
    return value


def _folder(value: str) -> Path:
    return ROOT / Path(value).expanduser()


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        number = int_from(value, low, high)
        if number is None:
            raise ValueError(f"give a whole number from {low} to {high}")
        return number

    return parse


def _database_url(value: str) -> str:
    if value and urlsplit(value).scheme not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise ValueError("give an address that starts with sqlite:/// or postgresql://")
    return value.replace("postgresql://", "postgresql+psycopg://", 1)


def _web_address(value: str) -> SplitResult | None:
    """The parts of a web address that can be opened; None for any other text."""
    try:
        parts = urlsplit(value)
        has_host = bool((parts.hostname or "").encode("idna")) and parts.port != 0
    except ValueError:  # a port that is not a number, or a host name that cannot exist
        return None
    return parts if has_host and parts.scheme in ("http", "https") else None


def _site_url(value: str) -> str:
    parts = _web_address(value)
    if parts is None or parts.path not in ("", "/"):
        raise ValueError("give the address of the site without a path, like https://example.org")
    return f"{parts.scheme}://{parts.netloc}"


def _service_url(value: str) -> str:
    if _web_address(value) is None:
        raise ValueError("give an address like https://api.example.org/v2")
    return value.rstrip("/")


def _api_key(value: str) -> str:
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("give letters, digits and symbols without a space")
    return value


def _smtp_url(value: str) -> str:
    if value and (urlsplit(value).scheme not in ("smtp", "smtps") or not urlsplit(value).hostname):
        raise ValueError("give an address like smtp://user:password@mail.example.org:587")
    return value


def _mail_address(value: str) -> str:
    if not value.isascii() or not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
        raise ValueError("give one email address in ASCII, like news@example.org")
    return value


def _secret_key(value: str) -> str:
    if value and len(value) < KEY_LENGTH:
        raise ValueError(f"give at least {KEY_LENGTH} characters, or leave it out to have one made")
    return value


def _time_zone(value: str) -> str:
    if value not in TIME_ZONES:
        raise ValueError("give the name of a time zone, like America/Chicago")
    return value


def _choice(meanings: Mapping[str, Any]) -> Callable[[str], Any]:
    def parse(value: str) -> Any:
        for choice, meaning in meanings.items():
            if value.lower() == choice.lower():
                return meaning
        raise ValueError(f"give one of {', '.join(meanings)}")

    return parse


def _host_names(value: str) -> tuple[str, ...]:
    names = tuple(value.lower().split())
    if not all(re.fullmatch(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*", name) for name in names):
        raise ValueError("give names without a port, separated by spaces, like www.example.org 192.0.2.7")
    return names


def _token(value: str) -> str:
    if value and (len(value) < KEY_LENGTH or not value.isascii() or not value.isprintable() or " " in value):
        raise ValueError(f"give at least {KEY_LENGTH} letters, digits and symbols without a space")
    return value


def is_secure(url: str) -> bool:
    """Is what is sent to this address encrypted, or does it stay on this machine?"""
    parts = _web_address(url)
    return parts is not None and (parts.scheme == "https" or parts.hostname == "127.0.0.1")


def _issuer(value: str) -> str:
    _server_for("authlib")(value)
    if value and (not is_secure(value) or set("?#") & set(value)):
        raise ValueError("give the provider’s issuer as it writes it, like https://login.example.org")
    return value  # with its slash at the end, if it has one: it is compared with what the provider says


def _server_for(module: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value and _web_address(value) is None:
            raise ValueError("give an address that starts with https://")
        try:
            is_installed = not value or find_spec(module) is not None
        except ModuleNotFoundError:  # not even the package that the module is in
            is_installed = False
        if not is_installed:
            raise ValueError("this needs an optional package. Install it with: make extras")
        return value.rstrip("/")

    return parse


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings of the site. Paths are absolute; ``site_url`` has no trailing slash."""

    instance_path: Path = _setting(
        "instance", _folder, "Folder for the SQLite file, outgoing mail and secrets"
    )
    database_url: str = _setting("", _database_url, "Database; empty: SQLite in the instance folder")
    search_index: Path = _setting(
        "search_index", _folder, "Folder of the search index (derived, can be rebuilt)"
    )
    backup_to: str = _setting(
        "", str.strip, "S3 bucket where backups are also stored, like s3://bucket/prefix; empty: none"
    )
    backup_hours: int = _setting(
        "26", _whole_number(1, 10_000), "Hours without a backup after which /readyz says degraded"
    )
    s3_endpoint: str = _setting("", str.strip, "S3 server, like https://s3.example.org; empty: Amazon’s")
    s3_region: str = _setting("us-east-1", str.strip, "Region of the bucket")
    s3_access_key_id: str = _setting("", str.strip, "Access key ID for the bucket")
    s3_secret_access_key: str = _setting("", str.strip, "Secret access key for the bucket")
    site_copy: Path | None = _setting(
        "",
        lambda value: _folder(value) if value else None,
        "Folder of the copy of the site that is shown while the site is down; empty: none",
    )
    secret_key: str = _setting(
        "", _secret_key, "Signs links and sessions; empty: generated once and stored in the instance folder"
    )
    secret_key_fallbacks: tuple[str, ...] = _setting(
        "",
        lambda value: tuple(map(_secret_key, value.split())),
        "Former secret keys whose signatures are still accepted",
    )
    require_mfa: bool = _setting(
        "no",
        _choice({"yes": True, "no": False}),
        "Every editor must use a second factor to sign in: yes or no",
    )
    oidc_issuer: str = _setting(
        "", _issuer, "OpenID Connect provider by which editors may sign in (optional package); empty: none"
    )
    oidc_client_id: str = _setting("", str.strip, "What the provider calls this site")
    oidc_client_secret: str = _setting("", str.strip, "The secret that the provider gave this site")
    site_url: str = _setting(
        "http://127.0.0.1:8000", _site_url, "Public address, used in mail, feeds and links"
    )
    allowed_hosts: tuple[str, ...] = _setting(
        "", _host_names, "Other host names of the site, besides that of SITE_URL, localhost and 127.0.0.1"
    )
    smtp_url: str = _setting("", _smtp_url, "Mail server; empty: mails are written to the instance folder")
    mail_from: str = _setting("news@localhost", _mail_address, "Sender address of all mail")
    editors_mail: str = _setting(
        "editors@localhost",
        _mail_address,
        "Where contact messages are sent; also our contact for Crossref and PubMed",
    )
    admin_mail: str = _setting(
        "admin@localhost", _mail_address, "Where failed backups and other failed units are reported"
    )
    time_zone: str = _setting(
        "UTC",
        _time_zone,
        "Time zone of editors who have not chosen one, and of the newsletter’s usual time, like America/Chicago",
    )
    crossref_url: str = _setting(
        "https://api.crossref.org", _service_url, "Crossref's REST API, where papers are looked up by DOI"
    )
    europe_pmc_url: str = _setting(
        "https://www.ebi.ac.uk/europepmc/webservices/rest",
        _service_url,
        "Europe PMC's REST API, where papers and their full texts are looked up",
    )
    pubmed_url: str = _setting(
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
        _service_url,
        "PubMed's E-utilities, where papers are looked up by PMID",
    )
    clinical_trials_url: str = _setting(
        "https://clinicaltrials.gov/api/v2",
        _service_url,
        "ClinicalTrials.gov's API, where registered trials are looked up",
    )
    draft_llm_url: str = _setting(
        "",
        lambda value: _service_url(value) if value else "",
        "OpenAI-compatible API where a language model writes first drafts, like https://llm.example.org/v1; empty: no AI drafts",
    )
    draft_llm_model: str = _setting(
        "", str.strip, "Name of the model that writes first drafts, which readers see, too"
    )
    draft_llm_key: str = _setting("", _api_key, "Key for that API, if it needs one")
    content_license: str = _setting(
        "all-rights-reserved",
        _choice({name: name for name in LICENSES}),
        "License of our texts: all-rights-reserved or CC-BY-4.0",
    )
    emergency_countries: tuple[str, ...] = _setting(
        "US UK CA",
        lambda value: tuple(value.upper().split()),
        "Countries whose emergency numbers safety cards name; the first one’s number is on the buttons",
    )
    host: str = _setting("127.0.0.1", str.strip, "Address the web server listens on")
    port: int = _setting("8000", _whole_number(1, 65535), "Port the web server listens on")
    web_concurrency: int = _setting("2", _whole_number(1, 64), "Web worker processes")
    page_cache_mb: int = _setting(
        "24", _whole_number(0, 10_000), "Megabytes of finished pages that each worker holds at most; 0: none"
    )
    trusted_proxies: int = _setting(
        "0", _whole_number(0, 5), "Number of reverse proxies whose X-Forwarded headers are trusted"
    )
    ops_token: str = _setting(
        "", _token, "Opens /metrics and the details of /readyz (Authorization: Bearer …); empty: closed"
    )
    log_level: str = _setting(
        "INFO", _choice({name: name for name in LOG_LEVELS}), "Lowest level that is logged"
    )
    sentry_dsn: str = _setting(
        "",
        _server_for("sentry_sdk"),
        "Where errors are reported to Sentry (optional package); empty: nowhere",
    )
    otel_exporter_otlp_endpoint: str = _setting(
        "",
        _server_for("opentelemetry.exporter.otlp.proto.http"),
        "OpenTelemetry collector that gets traces by HTTP (optional package); empty: none",
    )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read all settings; raises ConfigError for the first invalid one.

        In production, a command without settings would work on an empty database of its own, and one that root runs would
        leave files that the site cannot read. Both are refused.
        """
        source = os.environ if environ is None else environ
        if not source.get("INSTANCE_PATH") and INSTALLED.exists():
            command = INSTALLED.read_text(encoding="utf-8").strip()
            raise ConfigError(f"INSTANCE_PATH: not set. Run the site's commands with {command}.")
        values: dict[str, Any] = {}
        for setting in fields(cls):
            name = setting.name.upper()
            try:
                values[setting.name] = setting.metadata["parse"](
                    _given(source, name) or setting.metadata["default"]
                )
            except ValueError as error:
                raise ConfigError(f"{name}: {error}.") from error
        of_provider = [name for name in values if name.startswith("oidc_")]
        missing = [name.upper() for name in of_provider if not values[name]]
        if 0 < len(missing) < len(of_provider):
            raise ConfigError(f"{missing[0]}: not set. A sign-in provider needs it.")
        if values["draft_llm_url"] and not 0 < len(values["draft_llm_model"]) <= LONGEST_MODEL:
            raise ConfigError(
                f"DRAFT_LLM_MODEL: give the name of the model, in up to {LONGEST_MODEL} characters."
            )
        if values["draft_llm_key"] and not is_secure(values["draft_llm_url"]):
            raise ConfigError(
                "DRAFT_LLM_URL: give an address that starts with https://. Otherwise others could read the key on its way."
            )
        if not _given(source, "SITE_URL"):
            host = "localhost" if values["host"] in EVERY_ADDRESS else values["host"]
            values["site_url"] = f"http://{with_port(host, values['port'])}"
        folder: Path = values["instance_path"]
        if os.geteuid() == 0 and folder.exists() and (owner := folder.stat().st_uid):
            raise ConfigError(
                f"INSTANCE_PATH: {folder} belongs to user {owner}. Run this as that user, not as root."
            )
        return cls(**values)

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{self.instance_path / 'site.sqlite3'}"

    @property
    def is_postgresql(self) -> bool:
        return self.database.startswith("postgresql")

    @property
    def is_https(self) -> bool:
        return self.site_url.startswith("https://")

    def signing_keys(self) -> list[str]:
        """The keys for signing, oldest first and the current one last.

        Without SECRET_KEY, one is made and stored in the instance folder, in a file that only its owner can read.
        """
        if self.secret_key:
            return [*self.secret_key_fallbacks, self.secret_key]
        path = self.instance_path / "secret_key"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            made = path.with_name(f"{path.name}.{os.getpid()}")
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(KEY_LENGTH * 2), encoding="ascii")
            try:
                os.link(made, path)  # fails if another process was first; then its key is used
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return [*self.secret_key_fallbacks, path.read_text(encoding="ascii").strip()]
