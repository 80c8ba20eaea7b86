"""``/livez``, ``/readyz`` and ``/metrics``, with and without the token."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, text, update

from tests.conftest import pushed
from tests.factories import NOW, add_article
from tests.pages import PageClient
from tests.writers import another_writer
from webapp import jobs
from webapp.config import Config, ConfigError
from webapp.db import heartbeats
from webapp.db.heartbeats import Heartbeat, Task
from webapp.db.session import db
from webapp.mail import outbox
from webapp.models import Frequency, Issue, MailKind
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
    jobs.beat(Event())
    with pushed(replace(config, ops_token=TOKEN)) as watched:
        yield watched


def details(client: PageClient, status: int = 200) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(client.get("/readyz", status=status, headers=ASKED).data)
    return answer


def refuse_to_write(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """Root, who may run the tests, can write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, _mode: path != file)


def lose_the_index(config: Config) -> None:
    shutil.rmtree(config.search_index)


def let_a_change_wait(_: Config) -> None:
    add_article(NOW - timedelta(hours=1))


def let_a_mail_wait(_: Config) -> None:
    outbox.enqueue(MailKind.CONTACT, "ana@example.org", datetime.now(UTC) - timedelta(hours=1))


def let_a_mail_be_refused(_: Config) -> None:
    message = outbox.enqueue(MailKind.CONTACT, "ana@example.org", datetime.now(UTC) + timedelta(hours=1))
    message.attempt_count, message.last_error = 3, "554 5.7.1 blocked by zen.spamhaus.org"


def stop_an_issue(_: Config) -> None:
    now = datetime.now(UTC)
    issue = Issue(frequency=Frequency.WEEKLY, made_at=now, recipient_count=9, stopped_at=now)
    outbox.enqueue(MailKind.DIGEST, "ana@example.org", now - timedelta(hours=1), issue=issue)


def stop_the_jobs(_: Config) -> None:
    db.session.execute(update(Heartbeat).values(at=datetime.now(UTC) - timedelta(minutes=4)))


def make_no_backup(_: Config) -> None:
    backups = update(Heartbeat).where(Heartbeat.task == Task.BACKUP)
    db.session.execute(backups.values(at=datetime.now(UTC) - timedelta(hours=27)))


def run_jobs_with_another_key(_: Config) -> None:
    heartbeats.beat(Task.JOBS, "the hash of another key", datetime.now(UTC))


def fill_the_disk(_: Config) -> None:
    health.LEAST_SPACE = 10**18  # the test puts it back


def lose_the_migration(_: Config) -> None:
    db.session.execute(text("DELETE FROM alembic_version"))


def lose_a_table(_: Config) -> None:
    db.session.execute(text("DROP TABLE public_change"))


def test_the_process_answers(client: PageClient) -> None:
    assert client.get("/livez").text == "ok\n"


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "[2001:db8::7]", "pod-7.cluster.local", "", "not a name"])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_monitor_may_ask_by_any_host(app: Flask, path: str, host: str) -> None:
    asked = app.test_client().get(path, headers={"Host": host})
    assert (asked.status_code, asked.text) == (200, "ok\n")
    assert app.test_client().get("/about", headers={"Host": host}).status_code == 400


def test_a_sound_site_is_ok_and_says_nothing_more(client: PageClient) -> None:
    response = client.get("/readyz")
    assert response.text == "ok\n"
    assert response.headers["Cache-Control"] == "no-store"


def test_two_minutes_after_a_new_key_the_former_one_is_forgotten(client: PageClient) -> None:
    heartbeats.beat(Task.JOBS, "the hash of the former key", datetime.now(UTC) - timedelta(minutes=2))
    db.session.commit()
    assert client.get("/readyz").text == "ok\n"


def test_the_token_shows_each_check(client: PageClient) -> None:
    answer = details(client)
    assert answer["status"] == "ok" and answer["can_serve"] is True
    assert set(answer["checks"]) == {
        "database", "migration", "writable", "index", "index_lag_seconds", "index_waiting", "outbox_age_seconds", "outbox_waiting",
        "outbox_refused", "jobs_age_seconds", "backup_age_seconds", "secret_keys", "disk_free_bytes",
    }  # fmt: skip
    assert client.get("/readyz", headers={"Authorization": f"Bearer {TOKEN}x"}).text == "ok\n"


@pytest.mark.parametrize(
    "damage",
    [
        (lose_the_index, {"index", "index_lag_seconds"}, 200),
        (let_a_change_wait, {"index_lag_seconds"}, 200),
        (let_a_mail_wait, {"outbox_age_seconds"}, 200),
        (let_a_mail_be_refused, {"outbox_refused"}, 200),
        (stop_an_issue, {"outbox_refused"}, 200),
        (stop_the_jobs, {"jobs_age_seconds"}, 200),
        (make_no_backup, {"backup_age_seconds"}, 200),
        (run_jobs_with_another_key, {"secret_keys"}, 200),
        (fill_the_disk, {"disk_free_bytes"}, 200),
        (lose_the_migration, {"migration"}, 503),
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
    output = client.flask.application.test_cli_runner().invoke(args=["check"]).output
    assert all(name in output for name in failed)


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


@pytest.mark.parametrize("name", ["site.sqlite3", "site.sqlite3-wal", "site.sqlite3-shm"])
def test_a_site_is_not_ok_whose_database_is_not_its_own(
    client: PageClient, config: Config, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """As after a restore by root."""
    refuse_to_write(monkeypatch, config.instance_path / name)
    assert client.get("/readyz").text == "degraded\n"
    assert not details(client)["checks"]["writable"]["passed"]


def test_a_site_is_not_ok_whose_disk_became_read_only(
    client: PageClient, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_write(monkeypatch, config.search_index)
    assert details(client)["checks"]["writable"] == {"passed": False, "value": str(config.search_index)}


def test_monitors_do_not_take_the_turn_of_writers(client: PageClient) -> None:
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    client.get("/readyz")
    assert "BEGIN" in statements and "BEGIN IMMEDIATE" not in statements


def test_a_site_is_ok_while_somebody_writes(app: Flask, client: PageClient) -> None:
    with another_writer(app):
        assert client.get("/readyz").text == "ok\n"


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_monitoring_writes_nothing(client: PageClient, config: Config, path: str) -> None:
    client.get(path, headers=ASKED)
    with closing(sqlite3.connect(config.instance_path / "site.sqlite3")) as watcher:
        before = watcher.execute("PRAGMA data_version").fetchone()
        client.get(path, headers=ASKED)
        assert watcher.execute("PRAGMA data_version").fetchone() == before


def test_the_jobs_of_a_site_that_never_ran_them_are_missed_but_not_by_the_command(
    app: Flask, client: PageClient
) -> None:
    db.session.execute(delete(Heartbeat))
    db.session.commit()
    assert client.get("/readyz").text == "degraded\n"
    assert app.test_cli_runner().invoke(args=["check"]).output == "Everything is as it must be.\n"


def test_metrics_report_each_check(client: PageClient) -> None:
    config = client.flask.application.extensions["config"]
    let_a_mail_wait(config)
    let_a_change_wait(config)
    run_jobs_with_another_key(config)
    db.session.commit()
    metrics = dict(
        line.rsplit(" ", 1)
        for line in client.get("/metrics", headers=ASKED).text.splitlines()
        if not line.startswith("#")
    )
    assert float(metrics["site_outbox_waiting"]) == 1 and float(metrics["site_outbox_age_seconds"]) >= 3600
    assert float(metrics["site_index_waiting"]) == 1 and float(metrics["site_index_lag_seconds"]) >= 3600
    assert float(metrics["site_secret_keys"]) == 2 and float(metrics["site_writable"]) == 1


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
    with pushed(replace(config, ops_token="")) as other:
        PageClient(other).get("/metrics", status=404, headers={"Authorization": "Bearer "})
        assert PageClient(other).get("/readyz", headers={"Authorization": "Bearer "}).text == "ok\n"


@pytest.mark.parametrize("token", ["short", "x" * 40 + " y", "ü" * 40])
def test_a_token_that_could_be_guessed_or_not_be_sent_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match=r"^OPS_TOKEN: "):
        Config.from_environ({"OPS_TOKEN": token})


def test_the_hours_without_a_backup_can_be_set(app: Flask, config: Config) -> None:
    heartbeats.beat(Task.BACKUP, "", datetime.now(UTC) - timedelta(hours=4))
    db.session.commit()
    for hours, is_soon_enough in ((3, False), (5, True)):
        with pushed(replace(config, ops_token=TOKEN, backup_hours=hours)) as watched:
            assert details(PageClient(watched))["checks"]["backup_age_seconds"]["passed"] is is_soon_enough


def test_the_metrics_have_the_age_of_the_last_restore_drill(app: Flask, client: PageClient) -> None:
    assert "drill" not in client.get("/metrics", headers=ASKED).text
    heartbeats.beat(Task.RESTORE_DRILL, "", datetime.now(UTC) - timedelta(days=1))
    db.session.commit()
    assert "\nsite_restore_drill_age_seconds 864" in client.get("/metrics", headers=ASKED).text
