"""Limits that all workers share: counted in the database, or in Redis, and in the database while Redis is away."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import KEY
from tests.drills.site import free_port
from tests.engines import both_engines
from tests.factories import NOW
from tests.postgres.server import missing
from webapp import create_app
from webapp.config import Config
from webapp.db.session import Base, db
from webapp.models import Attempt
from webapp.web import throttle

HOUR = timedelta(hours=1)


class Redis:
    """A Redis server of the test's own, which can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.program = shutil.which("redis-server") or missing("Redis", "redis-server", "REQUIRE_REDIS")
        self.folder, self.port = folder, free_port()

    def start(self) -> None:
        command = [
            self.program,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        while "Ready to accept connections" not in self.process.stdout.readline():
            assert self.process.poll() is None, "Redis did not start"

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A server that runs."""
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def counting_app(redis: Redis, tmp_path: Path) -> Iterator[Flask]:
    """An application that counts in Redis."""
    environ = {
        "INSTANCE_PATH": str(tmp_path),
        "SECRET_KEY": KEY,
        "THROTTLE_URL": f"redis://127.0.0.1:{redis.port}/0",
    }
    app = create_app(Config.from_environ(environ))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        yield app
        db.session.remove()
        db.engine.dispose()


def tries(count: int, key: str = "here") -> list[bool]:
    return [throttle.is_exceeded("sign-in", key, 2, HOUR, NOW) for _ in range(count)]


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(Attempt)) or 0


@both_engines
def test_the_database_counts_each_key_by_itself_and_forgets(app: Flask) -> None:
    assert tries(3) == [False, False, True]
    assert tries(1, "elsewhere") == [False]
    throttle.forget("sign-in", "here")
    db.session.commit()
    assert tries(3) == [False, False, True]
    assert not throttle.is_exceeded("sign-in", "here", 2, HOUR, NOW + HOUR)


def test_redis_counts_for_all_processes_and_the_database_holds_nothing(
    counting_app: Flask, redis: Redis
) -> None:
    assert tries(2) == [False, False]
    counting_app.extensions["throttle"] = throttle._Redis(
        f"redis://127.0.0.1:{redis.port}/0"
    )  # another process
    assert tries(1) == [True]
    throttle.forget("sign-in", "here")
    assert tries(1) == [False]
    assert rows() == 0


def test_a_window_in_redis_ends(counting_app: Flask) -> None:
    second = timedelta(seconds=1)
    assert [throttle.is_exceeded("press", "here", 1, second, NOW) for _ in range(2)] == [False, True]
    time.sleep(1.1)
    assert not throttle.is_exceeded("press", "here", 1, second, NOW)


def test_while_redis_is_away_the_database_counts_at_once(counting_app: Flask, redis: Redis) -> None:
    tries(1)
    redis.stop()
    started = time.monotonic()
    assert tries(3) == [False, False, True]
    throttle.forget("sign-in", "nobody")
    assert time.monotonic() - started < 3 * throttle.REDIS_SECONDS
    assert rows() == 1
    redis.start()
    counting_app.extensions["throttle"]._resting_until = 0.0  # the pause is over
    assert tries(2) == [False, False]
    assert rows() == 1
