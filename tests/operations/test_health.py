"""``/livez``, ``/readyz`` and ``/metrics``, with and without the token."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.factories import NOW, add_article
from tests.operations.conftest import pushed
from tests.pages import PageClient
from webapp.config import Config, ConfigError
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import MailKind
from webapp.operations import health
from webapp.search import indexing

TOKEN = "a-token-for-the-monitor-of-the-tests"
ASKED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app(app: Flask, config: Config) -> Iterator[Flask]:
    """A site with one summary and a monitor."""
    add_article()
    indexing.catch_up()  # builds
    indexing.catch_up()  # follows
    yield from pushed(replace(config, ops_token=TOKEN))


def details(client: PageClient, status: int = 200) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(client.get("/readyz", status=status, headers=ASKED).data)
    return answer


def lose_the_index(config: Config) -> None:
    shutil.rmtree(config.search_index)


def let_a_change_wait(_: Config) -> None:
    add_article(NOW - timedelta(hours=1))


def let_a_mail_wait(_: Config) -> None:
    outbox.enqueue(MailKind.CONTACT, "ana@example.org", datetime.now(UTC) - timedelta(hours=1))


def fill_the_disk(_: Config) -> None:
    health.LEAST_SPACE = 10**18  # the test puts it back


def go_back_a_migration(_: Config) -> None:
    db.session.execute(text("UPDATE alembic_version SET version_num = '0001_initial'"))


def lose_a_table(_: Config) -> None:
    db.session.execute(text("DROP TABLE public_change"))


def test_the_process_answers(client: PageClient) -> None:
    assert client.get("/livez").text == "ok\n"


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "[::1]", "pod-7.cluster.local", "", "not a name"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_monitor_may_ask_by_any_host(app: Flask, path: str, host: str) -> None:
    asked = app.test_client().get(path, headers={"Host": host})
    assert (asked.status_code, asked.text) == (200, "ok\n")
    assert app.test_client().get("/about", headers={"Host": host}).status_code == 400


def test_a_sound_site_is_ok_and_says_nothing_more(client: PageClient) -> None:
    response = client.get("/readyz")
    assert response.text == "ok\n"
    assert response.headers["Cache-Control"] == "no-store"


def test_the_token_shows_each_check(client: PageClient) -> None:
    answer = details(client)
    assert answer["status"] == "ok" and answer["can_serve"] is True
    assert set(answer["checks"]) == {
        "database", "migration", "index", "index_lag_seconds", "outbox_age_seconds", "outbox_length", "disk_free_bytes",
    }  # fmt: skip
    assert client.get("/readyz", headers={"Authorization": f"Bearer {TOKEN}x"}).text == "ok\n"


@pytest.mark.parametrize(
    "damage",
    [
        (lose_the_index, {"index", "index_lag_seconds"}, 200),
        (let_a_change_wait, {"index_lag_seconds"}, 200),
        (let_a_mail_wait, {"outbox_age_seconds"}, 200),
        (fill_the_disk, {"disk_free_bytes"}, 200),
        (go_back_a_migration, {"migration"}, 503),
        (lose_a_table, {"database"}, 503),
    ],
)
def test_a_failed_check_degrades_and_a_critical_one_answers_503(
    client: PageClient,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    damage: tuple[Callable[[Config], None], set[str], int],
) -> None:
    break_something, failed, status = damage
    monkeypatch.setattr(health, "LEAST_SPACE", 0)
    break_something(config)
    db.session.commit()
    assert client.get("/readyz", status=status).text == "degraded\n"
    checks = details(client, status)["checks"]
    assert {name for name, check in checks.items() if not check["passed"]} == failed


def test_metrics_name_endpoints_and_never_queries(client: PageClient) -> None:
    client.get("/search?q=private")
    client.get("/research/private", status=404)
    client.get("/nowhere/private", status=404)
    client.get("/about")
    client.get("/about")
    metrics = client.get("/metrics", headers=ASKED).text
    assert 'site_request_duration_seconds_count{endpoint="search.search",status="200"} 1.0' in metrics
    assert 'site_request_duration_seconds_count{endpoint="articles.article",status="404"} 1.0' in metrics
    assert 'site_request_duration_seconds_count{endpoint="none",status="404"} 1.0' in metrics
    assert "site_page_cache_hits_total 1.0" in metrics
    assert "site_requests_running 1.0" in metrics  # this one
    assert "private" not in metrics


def test_metrics_report_the_backlog(client: PageClient) -> None:
    let_a_mail_wait(client.flask.application.extensions["config"])
    let_a_change_wait(client.flask.application.extensions["config"])
    metrics = dict(
        line.rsplit(" ", 1)
        for line in client.get("/metrics", headers=ASKED).text.splitlines()
        if not line.startswith("#")
    )
    assert float(metrics["site_outbox_waiting"]) == 1 and float(metrics["site_outbox_age_seconds"]) >= 3600
    assert float(metrics["site_index_waiting"]) == 1 and float(metrics["site_index_lag_seconds"]) >= 3600


@pytest.mark.proves("ASVS 13.4.5")
@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"bearer {TOKEN[:-1]}", "Bearer \u00e9"]
)
def test_figures_need_the_token(client: PageClient, header: str | None) -> None:
    response = client.get("/metrics", status=401, headers={"Authorization": header} if header else {})
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "site_" not in response.text


@pytest.mark.proves("ASVS 13.4.5")
def test_without_a_token_set_there_are_no_figures(app: Flask, config: Config) -> None:
    for other in pushed(replace(config, ops_token="")):
        PageClient(other).get("/metrics", status=404, headers={"Authorization": "Bearer "})
        assert PageClient(other).get("/readyz", headers={"Authorization": "Bearer "}).text == "ok\n"


@pytest.mark.parametrize("token", ["short", "x" * 40 + " y", "ü" * 40])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match=r"^OPS_TOKEN: "):
        Config.from_environ({"OPS_TOKEN": token})
