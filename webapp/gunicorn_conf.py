"""gunicorn settings, from the same Config as those of the application."""

import gc
import os
import sys
from pathlib import Path
from tempfile import mkdtemp
from types import FrameType
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker
from sqlalchemy.orm import configure_mappers

from webapp import jobs
from webapp.config import Config, with_port
from webapp.db import engine
from webapp.search import synonyms
from webapp.web import metrics

settings = Config.from_environ()
if settings.ops_token:
    # The workers share metrics in files, in memory: writing to a mapped file on a full disk would kill the process.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - mkdtemp makes a folder of its own
    os.environ.setdefault(metrics.SHARED, mkdtemp(prefix="site-metrics-", dir=memory))


class PrivateLogger(Logger):
    """A logger that names no visitor: gunicorn would log addresses, and what it could not read of a request.

    There is no access log, since the application logs each answer. Of a request that failed only the kind of error is logged.
    """

    access_log_enabled = False

    def access(self, *_: Any) -> None:
        """Do nothing."""

    def warning(self, message: str, *values: Any, **options: Any) -> None:
        """Log a warning. One about a request has its address and its bytes in the message itself."""
        if " from ip=" in message:
            error = sys.exc_info()[0]
            message = f"{message.partition(' from ip=')[0]}: {error.__name__ if error else 'unknown'}"
        super().warning(message, *values, **options)

    def exception(self, message: object, *values: Any, **options: Any) -> None:
        """Log an error with its traceback. The values are the method and the address of a request."""
        super().exception(str(message).partition(" %s")[0] if values else message, **options)

    def debug(self, message: str, *values: Any, **options: Any) -> None:
        """Log a detail. The text of an exception may hold the bytes of a request."""
        kinds = [type(value).__name__ if isinstance(value, Exception) else value for value in values]
        super().debug(message, *kinds, **options)


class Worker(ThreadWorker):
    """A worker that stops its jobs at the signal, not after its last request: both take part of the same 28 seconds."""

    running: jobs.Running | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop gracefully. A second signal would find the lock of the event taken."""
        if self.alive and self.running:
            self.running.stop.set()
        super().handle_exit(sig, frame)


bind = with_port(settings.host, settings.port)
workers = settings.web_concurrency
worker_class = Worker
threads = engine.THREADS
timeout = 30
graceful_timeout = 28  # more than jobs.PATIENCE
keepalive = 15
max_requests = 2_000_000  # against slow memory leaks; a new worker starts with an empty page cache
max_requests_jitter = 200_000
preload_app = False  # an open database or index does not survive a fork
control_socket_disable = True
limit_request_line = 8190
limit_request_field_size = 8190
forwarded_allow_ips = "*" if settings.trusted_proxies else "127.0.0.1"
logger_class = PrivateLogger
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
    """Load what the workers share, before they are forked, but open no database and no index.

    ``gc.freeze`` keeps the memory shared: otherwise the garbage collector would write to it, and copy it in each worker.
    """
    configure_mappers()
    synonyms.table().prepare()
    gc.collect()
    gc.freeze()


def when_ready(server: BaseApplication) -> None:  # noqa: ARG001
    """Print the address of the site."""
    print(f"\n  The site is at {settings.site_url}\n  Press Ctrl+C to stop.\n", flush=True)  # noqa: T201


def post_worker_init(worker: Worker) -> None:
    """Start the jobs in each worker; database locks divide the work."""
    worker.running = jobs.start(worker.app.wsgi())


def worker_exit(server: BaseApplication, worker: Worker) -> None:  # noqa: ARG001
    """Stop the jobs. Mail that is being sent is finished: otherwise it would be uncertain after each deploy."""
    if worker.running:
        worker.running.end()


def child_exit(server: BaseApplication, worker: Worker) -> None:  # noqa: ARG001
    """Remove the metrics of a worker that ended or crashed."""
    metrics.forget_process(worker.pid)
