"""How the search index follows the database."""

from flask import Flask


def start_following(app: Flask) -> None:
    """Start the thread."""
