"""What search is measured against: a plain Flask page over SQLite FTS5, and the same questions asked directly."""

import os
import re
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from flask import Flask, render_template_string, request

FACETS = ("category", "kind", "subject", "result", "year")

PAGE = """<!doctype html><title>{{ q }}</title><form><input name="q" value="{{ q }}"></form><h1>{{ total }} results</h1>
{% for name, values in facets.items() %}<ul>{% for value, count in values %}<li>{{ value }} {{ count }}</li>{% endfor %}</ul>
{% endfor %}<ol>{% for title, snippet in rows %}<li><h2>{{ title }}</h2><p>{{ snippet|safe }}</p></li>{% endfor %}</ol>"""


def build(path: Path, rows: Iterable[tuple[object, ...]]) -> None:
    """Fill a database from rows of (id, title, text, category, kind, subject, result, year)."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE VIRTUAL TABLE found USING fts5(title, text, tokenize='porter unicode61')")
    connection.execute(f"CREATE TABLE article (id INTEGER PRIMARY KEY, {', '.join(FACETS)})")
    for row in rows:
        connection.execute("INSERT INTO found (rowid, title, text) VALUES (?, ?, ?)", row[:3])
        connection.execute("INSERT INTO article VALUES (?, ?, ?, ?, ?, ?)", (row[0], *row[3:]))
    connection.execute("INSERT INTO found (found) VALUES ('optimize')")
    connection.commit()
    connection.close()


def match_of(text: str, is_typed: bool) -> str:
    """OR of the words; the last one with a star while it is being typed."""
    words = re.findall(r"\w+", text.lower())
    quoted = [f'"{word}"' for word in words]
    if is_typed and quoted:
        quoted[-1] += "*"
    return " OR ".join(quoted)


def best(connection: sqlite3.Connection, match: str, limit: int = 10) -> list[int]:
    """The ids of the ten best."""
    sql = "SELECT rowid FROM found WHERE found MATCH ? ORDER BY bm25(found, 2.0, 1.0) LIMIT ?"
    return [row[0] for row in connection.execute(sql, (match, limit))]


def counts(connection: sqlite3.Connection, match: str) -> dict[str, list[tuple[str, int]]]:
    """How many matches have each value of each facet."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS hits (id INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM hits")
    connection.execute("INSERT INTO hits SELECT rowid FROM found WHERE found MATCH ?", (match,))
    sql = "SELECT {0}, count(*) FROM article JOIN hits USING (id) GROUP BY {0}"
    return {name: connection.execute(sql.format(name)).fetchall() for name in FACETS}


def create_app() -> Flask:
    """A plain page: ten results with snippets, the total, and facet counts if asked for."""
    app = Flask(__name__)
    path = os.environ["FTS5_DATABASE"]

    @app.get("/search")
    def search() -> str:
        connection = sqlite3.connect(path, isolation_level=None)
        match = match_of(request.args["q"], "typed" in request.args)
        sql = (
            "SELECT title, snippet(found, 1, '<mark>', '</mark>', '…', 30) FROM found WHERE found MATCH ? "
            "ORDER BY bm25(found, 2.0, 1.0) LIMIT 10"
        )
        rows = connection.execute(sql, (match,)).fetchall()
        total = connection.execute("SELECT count(*) FROM found WHERE found MATCH ?", (match,)).fetchone()[0]
        facets = counts(connection, match) if "facets" in request.args else {}
        connection.close()
        return render_template_string(PAGE, q=request.args["q"], rows=rows, total=total, facets=facets)

    return app
