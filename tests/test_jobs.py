"""Background jobs keep running after a failure, and stop when asked to."""

import time
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from webapp import jobs
from webapp.jobs import Job, Running


def test_a_failure_ends_no_job_and_is_logged_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runs: list[None] = []
    has_run_often = Event()

    def fail(_: Event) -> None:
        runs.append(None)
        if len(runs) == 3:
            has_run_often.set()
        raise LookupError("no such thing")

    monkeypatch.setattr(jobs, "AFTER_FAILURE", 0.0)
    monkeypatch.setattr(jobs, "JOBS", (Job("odd", 0.0, fail, is_awaited=True),))
    running = jobs.start(app)
    assert has_run_often.wait(10)
    running.end()
    assert caplog.text.count("the job odd failed and is tried again: no such thing") == 1


def test_a_job_that_hangs_holds_up_no_other(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[None] = []
    other_ran_twice = Event()

    def run(_: Event) -> None:
        runs.append(None)
        if len(runs) == 2:
            other_ran_twice.set()

    monkeypatch.setattr(
        jobs,
        "JOBS",
        (Job("hangs", 0.0, lambda stop: stop.wait()), Job("other", 0.0, run)),
    )
    running = jobs.start(app)
    assert other_ran_twice.wait(10)
    running.end()


def test_stopping_waits_for_the_mail_being_sent_and_for_nothing_else(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun, never, delivered = Event(), Event(), []

    def deliver(stop: Event) -> None:
        has_begun.set()
        stop.wait()
        delivered.append("a mail")

    monkeypatch.setattr(
        jobs,
        "JOBS",
        (Job("deliver", 0.0, deliver, is_awaited=True), Job("hangs", 0.0, lambda _: never.wait())),
    )
    running = jobs.start(app)
    assert has_begun.wait(10)
    running.end()
    never.set()
    assert delivered == ["a mail"]


def test_jobs_that_are_awaited_share_the_time_until_the_process_stops(app: Flask) -> None:
    waits: list[float] = []

    class Hanging(Thread):
        def join(self, timeout: float | None = None) -> None:
            waits.append(timeout or 0.0)
            time.sleep(0.01)

    Running(app, Event(), (Hanging(), Hanging())).end()
    assert waits[1] < waits[0] <= jobs.PATIENCE


def test_a_database_that_does_not_answer_is_a_warning(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(stop: Event) -> None:
        stop.set()
        raise OperationalError("SELECT 1", {}, Exception("locked"))

    monkeypatch.setattr(jobs, "JOBS", (Job("odd", 0.0, fail, is_awaited=True),))
    jobs.start(app).end()
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_only_the_mail_is_waited_for() -> None:
    assert [job.name for job in jobs.JOBS if job.is_awaited] == ["deliver", "deliver urgent"]
