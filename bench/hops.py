"""How much of our code one action of a visitor passes through: distinct files and functions below ``webapp/``.

    python bench/hops.py [--list ACTION]

Every action is a request to a warm application with the starter library, in a temporary folder, and the second of its
kind. Lambdas and comprehensions count as the function that they stand in; templates and libraries do not count.
``--list`` prints the files and functions of one action.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import html5lib  # noqa: E402
from flask import Flask  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402
from sqlalchemy import Engine, event  # noqa: E402
from werkzeug.test import TestResponse  # noqa: E402

from tests.editor.forms import changed, complete, sent_by  # noqa: E402
from webapp import create_app  # noqa: E402
from webapp.config import Config  # noqa: E402
from webapp.search import indexing  # noqa: E402

OURS = f"{ROOT / 'webapp'}{os.sep}"
H = "{http://www.w3.org/1999/xhtml}"
EDITOR, EMAIL, PASSWORD = "Ed Itor", "ed@example.org", "a long enough passphrase"
HTMX = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
ARTICLE = "/research/amitriptyline-pain-trial"

Request = dict[str, Any]  # keyword arguments of FlaskClient.open


@dataclass
class Hops:
    """What was passed through."""

    functions: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # by file
    check_count: int = 0
    transaction_count: int = 0

    @property
    def function_count(self) -> int:
        return sum(map(len, self.functions.values()))


@dataclass(frozen=True)
class Action:
    """One kind of request; ``prepare`` gets all ready and returns the first (0) or the second (1) of the kind."""

    name: str
    aim: tuple[int, int]  # files, functions
    prepare: Callable[[FlaskClient, int], Request]
    also: tuple[str, ...] = ()  # what else is counted, and should be 1


def search(client: FlaskClient, number: int) -> Request:
    """Search while typing. The first time it has another address, or the second answer would be a finished page."""
    page = html5lib.parse(client.get("/").text)
    box = next(one for one in page.iter(f"{H}input") if one.get("data-instant") is not None)
    first = "" if number else "&first=1"
    return {"method": "GET", "path": f"{box.get('data-hx-get')}&q=stem+cel{first}", "headers": HTMX}


def publish(client: FlaskClient, number: int) -> Request:
    """Publish a draft without a warning."""
    return press(client, draft(client, 10 + number), "Publish")


def autosave(client: FlaskClient, number: int) -> Request:
    """Save a draft while typing."""
    path = draft(client, 20 + number)
    page = html5lib.parse(client.get(path).text)
    saver = next(one for one in page.iter() if one.get("id") == "autosave")
    form = next(one for one in page.iter(f"{H}form") if one.get("id") == "summary-form")
    typed = json.loads(saver.get("data-hx-vals", "{}")) | {"harms": "Two people had a dry mouth."}
    sent = changed(sent_by(form), **typed)
    return {"method": "POST", "path": saver.get("data-hx-post"), "data": sent, "headers": HTMX}


def vote(client: FlaskClient, number: int) -> Request:
    """Answer "Was this summary helpful?" as a new visitor."""
    visitor = {"REMOTE_ADDR": f"192.0.2.{1 + number}"}
    return press(client, ARTICLE, "Yes") | {"headers": HTMX, "environ_overrides": visitor}


def cached(_client: FlaskClient, _number: int) -> Request:
    """Read an article that somebody has just read."""
    return {"method": "GET", "path": ARTICLE}


ACTIONS = (
    Action("search", (16, 60), search),
    Action("publish", (16, 60), publish, ("checks",)),
    Action("autosave", (12, 40), autosave),
    Action("vote", (10, 30), vote, ("transactions",)),
    Action("cached page", (3, 6), cached),
)


def draft(client: FlaskClient, number: int) -> str:
    """Save a new complete draft; returns the address of its form."""
    return opened(client, press(client, "/editor/summaries/new", "Save draft", **complete(number))).location


def press(client: FlaskClient, path: str, words: str, **typed: Any) -> Request:
    """The request that a browser makes when the button with these words is pressed, after typing into the form's fields."""
    page = html5lib.parse(client.get(path, follow_redirects=True).text)
    form, button = next(
        (form, button)
        for form in page.iter(f"{H}form")
        for button in form.iter(f"{H}button")
        if "".join(button.itertext()).strip() == words and button.get("aria-hidden") is None
    )
    sent = changed(sent_by(form), **typed)
    if button.get("name"):
        sent.add(button.get("name"), button.get("value"))
    address = button.get("formaction") or form.get("action") or path
    headers = {"Sec-Fetch-Site": "same-origin"}
    return {"method": "POST", "path": address, "data": sent, "headers": headers}


def opened(client: FlaskClient, request: Request) -> TestResponse:
    """Make a request; it must succeed."""
    response = client.open(**request)
    assert response.status_code < 400, f"{request['path']}: {response.status}\n{response.text}"
    return response


@contextmanager
def counting() -> Iterator[Hops]:
    """Count what this thread passes through."""
    hops = Hops()

    def count_call(frame: FrameType, what: str, _argument: object) -> None:
        code = frame.f_code
        if what == "call" and code.co_filename.startswith(OURS):
            file = code.co_filename.removeprefix(OURS)
            hops.functions[file].add(function_of(code.co_qualname))
            hops.check_count += (Path(file).name, code.co_qualname) == ("publication.py", "check_publishable")

    def count_transaction(_connection: object) -> None:
        hops.transaction_count += 1

    event.listen(Engine, "begin", count_transaction)
    sys.setprofile(count_call)
    try:
        yield hops
    finally:
        sys.setprofile(None)
        event.remove(Engine, "begin", count_transaction)


def function_of(qualified_name: str) -> str:
    """The function that a lambda or comprehension stands in: ``new.<locals>.<lambda>`` is ``new``."""
    parts = qualified_name.split(".<locals>.")
    while len(parts) > 1 and parts[-1].startswith("<"):
        parts.pop()
    return ".<locals>.".join(parts)


def measure(client: FlaskClient, action: Action) -> Hops:
    """Do it twice; returns what the second time passed through.

    The search index is brought up to date before each, as a server does within a second: an article made while it lags behind
    is not cached.
    """
    for number in range(2):
        request = action.prepare(client, number)
        with client.application.app_context():
            indexing.catch_up()
        with counting() as hops:
            response = opened(client, request)
            response.get_data()
    assert hops.check_count or "checks" not in action.also, "the checks have another name now"
    return hops


def line(action: Action, hops: Hops) -> str:
    files, functions = action.aim
    counts = {"checks": hops.check_count, "transactions": hops.transaction_count}
    also = "".join(f" · {name} {counts[name]} (aim 1)" for name in action.also)
    return (
        f"{action.name:12} {len(hops.functions):3} files (aim {files:2}) · "
        f"{hops.function_count:3} functions (aim {functions:2}){also}"
    )


def prepared(folder: Path) -> Flask:
    """The site as ``make run`` starts it, with an editor."""
    environ = {
        "INSTANCE_PATH": str(folder / "instance"),
        "SEARCH_INDEX": str(folder / "search_index"),
        "SECRET_KEY": "a-key-for-measuring-that-is-long-enough",
        "SITE_URL": "http://localhost",
        "LOG_LEVEL": "ERROR",
    }
    app = create_app(Config.from_environ(environ))
    for arguments in (
        ["prepare"],
        ["search", "rebuild"],
        ["editors", "add", EDITOR, EMAIL, "--password-stdin"],
    ):
        result = app.test_cli_runner().invoke(args=arguments, input=f"{PASSWORD}\n")
        assert result.exit_code == 0, result.output
    return app


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", choices=[action.name for action in ACTIONS])
    wanted = parser.parse_args().list
    with tempfile.TemporaryDirectory() as folder:
        client = prepared(Path(folder)).test_client()
        opened(client, press(client, "/editor/sign-in", "Sign in", email=EMAIL, password=PASSWORD))
        for action in ACTIONS:
            if wanted in (None, action.name):
                hops = measure(client, action)
                print(line(action, hops), flush=True)
                for file, functions in sorted(hops.functions.items() if wanted else ()):
                    print(f"  {file}: {', '.join(sorted(functions))}")


if __name__ == "__main__":
    main()
