"""How often each text is opened, by day: counted here, without a cookie, an address or a script, and never by reader.

Most pages are answered by the page cache, before Flask sees the request, so this must cost next to nothing. A view is counted
in the memory of the process, and a job writes the counts once a minute: a process that is killed loses that minute.

A view is a whole page that was asked for by GET, also where the answer was that the browser has it already: nginx asks us in
its own name, so such a request looks like any other, and the count must not depend on what stands in front of the site.
"""

import re
import tomllib
from collections import Counter
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, current_app, request
from sqlalchemy import Integer, bindparam, delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from webapp.db.session import db
from webapp.models import DailyViews, Draft, Live
from webapp.web import htmx
from webapp.web.memory_counts import MemoryCounts

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

FORGET_AFTER = timedelta(days=365)
MOST_TEXTS = 200_000  # in memory; more than there will be
# Where the page cache leaves a list, to which the view of a text adds what the page shows.
SHOWN = "webapp.shown_texts"

Text = tuple[str, int]  # as in ``Live.key``: ("article_id", 7)

_ROBOTS = re.compile(
    "|".join(tomllib.loads(Path(__file__).with_name("robots.toml").read_text(encoding="utf-8"))["words"]),
    re.IGNORECASE,
)


class ViewCounter:
    """Counts views in memory. Whoever has the cookie of a session works here, and is no reader."""

    def __init__(self, session_cookie: str) -> None:
        self.counts = MemoryCounts[Text](MOST_TEXTS)
        self._session = f"{session_cookie}="

    def add(self, text: Text, environ: "WSGIEnvironment") -> None:
        """Count that the page of a text was opened, unless by a robot, an editor, or a browser that only fetches ahead."""
        purpose: str = environ.get("HTTP_SEC_PURPOSE") or environ.get("HTTP_PURPOSE", "")
        is_editor = self._session in environ.get("HTTP_COOKIE", "")
        if not ("prefetch" in purpose or is_editor or is_robot(environ.get("HTTP_USER_AGENT", ""))):
            self.counts.add(text)


def init_app(app: Flask) -> None:
    """Start counting for this application."""
    app.extensions["page_views"] = ViewCounter(app.config["SESSION_COOKIE_NAME"])


def counter_of(app: Flask) -> ViewCounter:
    """What counts the views of this application."""
    counter: ViewCounter = app.extensions["page_views"]
    return counter


def count_view(text: Live) -> None:
    """Count the view of a text whose page is being made, and tell the page cache what the page shows."""
    if request.method != "GET" or htmx.wants_fragment():
        return
    [shown] = text.key.items()
    request.environ.get(SHOWN, []).append(shown)
    counter_of(current_app).add(shown, request.environ)


@lru_cache(maxsize=512)  # in memory only: what a browser calls itself is stored nowhere
def is_robot(agent: str) -> bool:
    """Does a program say that it is no browser? One that does not say what it is is none, either."""
    return not agent or _ROBOTS.search(agent) is not None


def write_views(counts: Counter[Text], today: date) -> None:
    """Add what was counted to the views of the day."""
    insert = (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(DailyViews)
    for name, column in (("article_id", Draft.article_id), ("answer_id", Draft.answer_id)):
        rows = [{"text": key, "views": count} for (of, key), count in counts.items() if of == name]
        viewed = select(Draft.id, literal(today), bindparam("views", type_=Integer))
        added = insert.from_select(
            ["draft_id", "viewed_on", "count"], viewed.where(column == bindparam("text"))
        ).on_conflict_do_update(
            index_elements=["viewed_on", "draft_id"],
            set_={"count": DailyViews.count + insert.excluded.count},
        )
        if rows:
            db.session.connection().execute(added, rows)


def forget_old(today: date) -> None:
    """Delete the views of days that are more than a year ago."""
    db.session.execute(delete(DailyViews).where(DailyViews.viewed_on < today - FORGET_AFTER))
