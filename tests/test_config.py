"""Settings: development needs none, and a bad value stops the start with its name."""

import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from tests import settings
from webapp.config import Config, ConfigError


def test_no_setting_is_needed() -> None:
    config = Config.from_environ({})
    assert config.site_url == "http://127.0.0.1:8000"
    assert config.database.startswith("sqlite:///")
    assert config.web_concurrency == 2


def test_the_site_address_follows_the_port() -> None:
    assert Config.from_environ({"PORT": "8123"}).site_url == "http://127.0.0.1:8123"


def test_the_address_of_a_site_that_listens_everywhere_can_be_opened() -> None:
    for host, address in (
        ("::", "localhost"),
        ("0.0.0.0", "localhost"),
        ("::1", "[::1]"),
        ("10.0.0.7", "10.0.0.7"),
    ):
        assert Config.from_environ({"HOST": host}).site_url == f"http://{address}:8000"


@pytest.mark.parametrize("name", ["SECRET_KEY", "SMTP_URL", "DATABASE_URL", "OPS_TOKEN"])
def test_a_setting_can_be_in_a_file(name: str, tmp_path: Path) -> None:
    value = {"SMTP_URL": "smtp://a:b@mail.example.org", "DATABASE_URL": "sqlite:///x"}.get(name, "k" * 40)
    file = tmp_path / name
    file.write_text(f"{value}\n", encoding="utf-8")
    for source in ({f"{name}_FILE": str(file)}, {"CREDENTIALS_DIRECTORY": str(tmp_path)}):
        assert getattr(Config.from_environ(source), name.lower()) == value
    both = {"CREDENTIALS_DIRECTORY": str(tmp_path), name: value.replace("k", "e")}
    assert getattr(Config.from_environ(both), name.lower()) == both[name]


def test_a_file_that_gives_no_setting_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    for source, words in (
        ({"SECRET_KEY_FILE": str(tmp_path / "missing")}, "cannot read"),
        ({"SECRET_KEY_FILE": str(tmp_path / "empty")}, "is empty"),
        ({"SECRET_KEY_FILE": str(tmp_path / "empty"), "SECRET_KEY": "k" * 40}, "not both"),
    ):
        with pytest.raises(ConfigError, match=f"^SECRET_KEY: .*{words}"):
            Config.from_environ(source)


@pytest.mark.proves("Web: a short key stops the start, and a rotated key breaks no link")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("WEB_CONCURRENCY", "-1"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("SITE_URL", "example.org"),
        ("SITE_URL", "https://example.org/path"),
        ("SITE_URL", "https://example.org:eighty"),
        ("SITE_URL", "https://example..org"),
        ("SMTP_URL", "http://mail.example.org"),
        ("MAIL_FROM", "nobody"),
        ("MAIL_FROM", "news@bücher.example"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY_FALLBACKS", "a-key-that-is-long-enough-to-be-a-key short"),
        ("CONTENT_LICENSE", "MIT"),
        ("TRUSTED_PROXIES", "many"),
        ("LOG_LEVEL", "loud"),
        ("TIME_ZONE", "Moon/Base"),
        ("SENTRY_DSN", "sentry.example.org"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:0"),
        ("CROSSREF_URL", "https://api..example.org"),
        ("DRAFT_LLM_URL", "llm.example.org/v1"),
        ("DRAFT_LLM_KEY", "two words"),
        ("OIDC_ISSUER", "login.example.org"),
        ("OIDC_ISSUER", "http://login.example.org"),
        ("OIDC_ISSUER", "http://127.0.0.1.example.org"),
        ("OIDC_ISSUER", "https://login.example.org?tenant=1"),
        ("OIDC_ISSUER", "https://[login"),
        ("OIDC_ISSUER", "https://login.example.org:99999"),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: "):
        Config.from_environ({name: value})


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("SENTRY_DSN", "sentry_sdk"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry"),
        ("OIDC_ISSUER", "authlib"),
    ],
)
def test_a_setting_whose_package_is_missing_says_how_to_install_it(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=f"^{name}: .*make extras"):
        Config.from_environ({name: "https://key@localhost/1"})


def test_first_drafts_need_a_model_and_never_send_the_key_in_the_clear() -> None:
    whole = {
        "DRAFT_LLM_URL": "https://llm.example.org/v1/",
        "DRAFT_LLM_MODEL": "some-model",
        "DRAFT_LLM_KEY": "sk-1",
    }
    assert Config.from_environ(whole).draft_llm_url == "https://llm.example.org/v1"
    for changes, refused in (
        ({"DRAFT_LLM_MODEL": ""}, "DRAFT_LLM_MODEL"),
        ({"DRAFT_LLM_MODEL": "x" * 101}, "DRAFT_LLM_MODEL"),
        ({"DRAFT_LLM_URL": "http://llm.example.org/v1"}, "DRAFT_LLM_URL"),
    ):
        with pytest.raises(ConfigError, match=f"^{refused}: "):
            Config.from_environ(whole | changes)
    assert Config.from_environ(whole | {"DRAFT_LLM_URL": "http://ollama:11434/v1", "DRAFT_LLM_KEY": ""})


def test_a_sign_in_provider_needs_all_three_settings(tmp_path: Path) -> None:
    issuer = "https://login.example.org/"  # as the provider writes it: the slash stays
    (tmp_path / "OIDC_CLIENT_SECRET").write_text("from a file\n", encoding="utf-8")
    whole = {
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": "research-help",
        "OIDC_CLIENT_SECRET_FILE": str(tmp_path / "OIDC_CLIENT_SECRET"),
    }
    config = Config.from_environ(whole)
    assert (config.oidc_issuer, config.oidc_client_secret) == (issuer, "from a file")
    for name in whole:
        half = {other: value for other, value in whole.items() if other != name}
        with pytest.raises(ConfigError, match=f"^{name.removesuffix('_FILE')}: not set"):
            Config.from_environ(half)
    with pytest.raises(ConfigError, match=r"^OIDC_ISSUER: not set"):
        Config.from_environ({"OIDC_CLIENT_ID": "research-help"})


def test_a_secret_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    config = Config.from_environ({"INSTANCE_PATH": str(tmp_path / "instance")})
    first = config.signing_keys()
    assert first == config.signing_keys()
    assert len(first[0]) >= 32
    assert (tmp_path / "instance" / "secret_key").stat().st_mode & 0o077 == 0


def test_older_keys_come_before_the_one_in_use() -> None:
    old, new = "o" * 40, "n" * 40
    config = Config.from_environ({"SECRET_KEY": new, "SECRET_KEY_FALLBACKS": old})
    assert config.signing_keys() == [old, new]


def test_the_readme_and_the_example_list_every_setting_with_its_default_and_what_it_is() -> None:
    """If it fails, run: python -m tests.settings"""
    assert settings.README.read_text(encoding="utf-8") == settings.readme()
    assert settings.EXAMPLE.read_text(encoding="utf-8") == settings.example()
    assert settings.table().count("\n") + 1 == len(fields(Config))


def test_the_example_is_a_file_that_can_be_used() -> None:
    """Every line, uncommented, is a setting with its default."""
    lines = re.findall(r"^#([A-Z0-9_]+)=(.*)$", settings.example(), re.M)
    assert Config.from_environ(dict(lines)) == Config.from_environ({})
