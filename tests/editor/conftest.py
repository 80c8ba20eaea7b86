"""A client whose requests share nothing with the test or with each other, as on a real server, and somebody signed in."""

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.factories import NOW
from tests.pages import PageClient
from webapp.models import Editor


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A browser without JavaScript."""
    return EditorClient(app)


@pytest.fixture
def editor(client: PageClient) -> Iterator[Editor]:
    """Somebody who is signed in at the usual time of tests."""
    with time_machine.travel(NOW, tick=False):
        editor = add_editor()
        sign_in(client)
        yield editor
