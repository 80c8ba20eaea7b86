"""gunicorn's settings, from the same Config as the application's."""

import gc
import os
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker
from sqlalchemy.orm import configure_mappers

from webapp import jobs
from webapp.config import Config
from webapp.db import engine
from webapp.search import synonyms
from webapp.web import metrics

settings = Config.from_environ()
if settings.ops_token:
    # The workers' figures, in memory: a full disk would end a process that writes to a file it has mapped.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - mkdtemp makes a folder of its own
    os.environ.setdefault(metrics.SHARED, mkdtemp(prefix="site-figures-", dir=memory))


class WithoutAccessLog(Logger):
    """The application logs each answer that it makes, by route. gunicorn would log addresses, at a cost per request."""

    access_log_enabled = False

    def access(self, *_: Any) -> None:
        """Log nothing."""


bind = f"{settings.host}:{settings.port}"
workers = settings.web_concurrency
worker_class = "gthread"
threads = engine.THREADS
timeout = 30
graceful_timeout = 28  # more than jobs.PATIENCE
keepalive = 15
max_requests = 2_000_000  # against what leaks slowly; a new worker starts without finished pages
max_requests_jitter = 200_000
preload_app = False  # nothing is opened before the fork: neither a database nor an index survives one
control_socket_disable = True
limit_request_line = 8190
limit_request_field_size = 8190
forwarded_allow_ips = "*" if settings.trusted_proxies else "127.0.0.1"
logger_class = WithoutAccessLog
errorlog = "-"
loglevel = settings.log_level.lower()
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "webapp.web.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": settings.log_level, "handlers": ["console"]},
    "loggers": {"gunicorn.error": {"level": settings.log_level, "handlers": ["console"], "propagate": False}},
}


def on_starting(server: BaseApplication) -> None:  # noqa: ARG001
    """Load what the workers share, before they are forked. Nothing here opens a database or an index.

    What is loaded is frozen: otherwise the garbage collector would write to it, and each worker would have its own copy.
    """
    configure_mappers()
    synonyms.prepare()
    gc.collect()
    gc.freeze()


def when_ready(server: BaseApplication) -> None:  # noqa: ARG001
    """Tell the person who started it where the site is."""
    print(f"\n  Spinal Cord Research Help is at {settings.site_url}\n  Press Ctrl+C to stop.\n", flush=True)  # noqa: T201


def post_worker_init(worker: Worker) -> None:
    """Start the jobs; the workers agree on who does what."""
    worker.jobs = jobs.start(worker.app.wsgi())


def worker_exit(server: BaseApplication, worker: Worker) -> None:  # noqa: ARG001
    """Let the mail that is on its way go out, so that it is not uncertain after a deploy, and write what was counted."""
    if running := getattr(worker, "jobs", None):
        running.end()


def child_exit(server: BaseApplication, worker: Worker) -> None:  # noqa: ARG001
    """A worker ended, however it ended."""
    metrics.forget_process(worker.pid)
