"""Backups in an S3 bucket, on moto's server."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from moto.server import ThreadedMotoServer

from tests.conftest import pushed
from tests.factories import NOW, add_article
from tests.pages import PageClient
from tests.terminal import run
from webapp import create_app
from webapp.config import Config
from webapp.db import heartbeats
from webapp.db.heartbeats import Task
from webapp.operations import backups
from webapp.operations.bucket import Bucket

BUCKET = "s3://backups/the-site"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def config(config: Config, server: str) -> Config:
    """Settings with a key to an empty bucket."""
    urlopen(Request(f"{server}/moto-api/reset", method="POST"))
    urlopen(Request(f"{server}/backups", method="PUT"))
    return replace(
        config,
        s3_endpoint=server,
        s3_access_key_id="the-key",
        s3_secret_access_key="the-secret",
        backup_to=BUCKET,
    )


@pytest.fixture
def bucket(config: Config) -> Bucket:
    return Bucket(BUCKET, config)


def check_keys(server: str, after: str) -> None:
    """Let moto check keys after a number of requests; "inf": never."""
    urlopen(
        Request(
            f"{server}/moto-api/reset-auth", after.encode(), {"Content-Type": "text/plain"}, method="POST"
        )
    )


def test_a_backup_is_stored_in_the_bucket_and_restored_on_another_machine(
    app: Flask, bucket: Bucket, elsewhere: Config, tmp_path: Path
) -> None:
    add_article(plain_title="A made-up pill in the bucket")
    made = run(app, "backup")
    assert made.exit_code == 0, made.output
    (name,) = bucket.names()
    assert f"{BUCKET}/{name}" in made.output
    other = create_app(elsewhere)
    fetched = run(other, "fetch-backup", tmp_path / "fetched")
    assert fetched.exit_code == 0, fetched.output
    assert (tmp_path / "fetched" / name).stat().st_mode & 0o077 == 0
    assert run(other, "restore", fetched.output.strip()).exit_code == 0
    assert "in the bucket</a>" in PageClient(other).get("/search?q=pill").text


def test_a_backup_that_another_program_made_is_stored(app: Flask, bucket: Bucket, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    former, newest = (f"site-{at:%Y%m%dT%H%M%SZ}.dump" for at in (now - timedelta(days=1), now))
    for name in (former, newest, "unfinished.dump"):
        (tmp_path / name).write_text("by pg_dump", encoding="ascii")
    stored = run(app, "backup", tmp_path, "--made-elsewhere", "--keep", "1")
    assert stored.exit_code == 0, stored.output
    assert {path.name for path in tmp_path.glob("*.dump")} == {newest, "unfinished.dump"}
    assert bucket.names() == [newest]
    drilled = run(app, "restore-drill")
    assert drilled.exit_code == 1 and "PostgreSQL" in drilled.output


def test_the_newest_backups_are_kept_in_the_bucket(app: Flask, bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a backup", encoding="ascii")
    bucket.upload(tmp_path / "notes.txt")
    for day in range(3):
        backups.store(backups.back_up(tmp_path, NOW + timedelta(days=day)), bucket, keep=2)
    assert bucket.names() == ["notes.txt", "site-20261125T093000Z.sqlite3", "site-20261126T093000Z.sqlite3"]


def test_a_damaged_backup_is_named_and_not_fetched(app: Flask, bucket: Bucket, tmp_path: Path) -> None:
    assert run(app, "backup", tmp_path / "backups").exit_code == 0
    assert run(app, "verify-backups", tmp_path / "backups").output == "Every backup is whole.\n"
    (name,) = bucket.names()
    sound = bucket.store.get(name)
    bucket.store.put(name, b"altered" + bytes(sound.bytes()), attributes=sound.attributes)
    (tmp_path / "backups" / "site-20260101T000000Z.sqlite3").write_bytes(b"half")
    verified = run(app, "verify-backups", tmp_path / "backups")
    assert verified.exit_code == 1
    assert f"{BUCKET}/{name} is damaged" in verified.output
    assert "site-20260101T000000Z.sqlite3: " in verified.output
    fetched = run(app, "fetch-backup", tmp_path / "fetched")
    assert fetched.exit_code == 1 and "is damaged" in fetched.output
    assert not (tmp_path / "fetched" / name).exists()


def test_a_folder_without_backups_is_not_whole(app: Flask, tmp_path: Path) -> None:
    verified = run(app, "verify-backups", tmp_path)
    assert verified.exit_code == 1 and "There is no backup" in verified.output


def test_an_empty_bucket_is_not_whole(app: Flask, tmp_path: Path) -> None:
    backups.back_up(tmp_path, NOW)
    verified = run(app, "verify-backups", tmp_path)
    assert verified.exit_code == 1 and f"There is no backup in {BUCKET}" in verified.output


def test_a_drill_restores_the_newest_backup_and_says_so(
    app: Flask, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text(config.database, encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))  # not what the drill restores into
    add_article()
    assert run(app, "backup").exit_code == 0
    drilled = run(app, "restore-drill")
    assert drilled.exit_code == 0, drilled.output
    assert "was restored and checked" in drilled.output
    assert Task.RESTORE_DRILL in heartbeats.latest()


def test_a_drill_fails_if_the_backup_cannot_be_restored(
    app: Flask, config: Config, bucket: Bucket, tmp_path: Path
) -> None:
    text = tmp_path / "site-20261124T093000Z.sqlite3"
    text.write_text("not a database", encoding="ascii")
    bucket.upload(text)
    drilled = run(app, "restore-drill")
    assert drilled.exit_code == 1 and "cannot be used" in drilled.output
    assert Task.RESTORE_DRILL not in heartbeats.latest()


def test_a_wrong_key_is_reported_and_monitors_see_no_backup(
    app: Flask, bucket: Bucket, server: str, tmp_path: Path
) -> None:
    check_keys(server, "0")
    try:
        refused = run(app, "backup", tmp_path)
    finally:
        check_keys(server, "inf")
    assert refused.exit_code == 1
    assert f"The backup is in {tmp_path} only. {BUCKET} could not be used: " in refused.output
    assert "the-secret" not in refused.output
    assert len(list(tmp_path.glob("site-*.sqlite3"))) == 1
    assert Task.BACKUP not in heartbeats.latest()


def test_a_bucket_that_is_not_there_is_reported(app: Flask, tmp_path: Path) -> None:
    refused = run(app, "backup", tmp_path, "--to", "s3://nowhere/the-site")
    assert refused.exit_code == 1 and "s3://nowhere/the-site could not be used" in refused.output


def test_missing_settings_are_named(config: Config, migrated: Path, tmp_path: Path) -> None:
    for settings, sentence in (
        (replace(config, s3_secret_access_key=""), "Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY."),
        (replace(config, backup_to=""), "Set BACKUP_TO"),
    ):
        with pushed(settings) as app:
            refused = run(app, "fetch-backup", tmp_path)
            assert refused.exit_code == 1 and sentence in refused.output


def test_a_missing_package_is_named(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    refused = run(app, "backup", tmp_path)
    assert refused.exit_code == 1 and "need the package obstore. Run: make extras" in refused.output
