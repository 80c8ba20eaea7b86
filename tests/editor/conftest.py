"""A client whose requests share nothing with the test or with each other, as on a real server."""

import pytest
from flask import Flask

from tests.accounts.people import EditorClient
from tests.pages import PageClient


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A browser without JavaScript."""
    return EditorClient(app)
