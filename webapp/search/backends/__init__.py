"""The search engines behind one Protocol."""

from flask import Flask

from webapp.config import Config


def init_app(app: Flask, config: Config) -> None:
    """Give the application its search engine."""
