"""What a fresh process would otherwise do while the first readers wait: about a second's work."""

import gc
from contextlib import suppress
from threading import Thread

from flask import Flask
from sqlalchemy.orm import configure_mappers

from webapp.search import synonyms
from webapp.search.backends import SearchUnavailable, engine
from webapp.web import assets

# What a public page loads, and the templates that no reader sees.
FILES = (
    "css/site.css",
    "js/htmx.js",
    "js/site.js",
    "fonts/regular.ttf",
    "fonts/bold.ttf",
    "fonts/italic.ttf",
)
NOT_FOR_READERS = ("accounts/", "editor/", "email/")


def before_fork() -> None:
    """Make what all workers can share: values of our own files. Nothing here opens a database or an index.

    What is there by now is frozen: the garbage collector would otherwise write to it, and each worker have a copy.
    """
    configure_mappers()
    synonyms.prepare()
    gc.collect()
    gc.freeze()


def start_warming(app: Flask) -> Thread:
    """Start a thread that does the rest in a worker that serves already, and ends."""
    thread = Thread(target=warm, args=(app,), name="warming", daemon=True)
    thread.start()
    return thread


def warm(app: Flask) -> None:
    """Compile the public templates, read the words of the library, compress the files that pages load."""
    for name in app.jinja_env.list_templates(filter_func=lambda name: not name.startswith(NOT_FOR_READERS)):
        app.jinja_env.get_template(name)
    with app.app_context(), suppress(SearchUnavailable):
        engine().completions("a", 1)
    for name in FILES:
        assets.encoded(name, "br")
