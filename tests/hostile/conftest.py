"""Who looks at the sites of these tests; each file builds its own ``world``."""

import pytest
from flask import Flask

from tests.accounts.people import EditorClient, sign_in
from tests.hostile.world import EMAIL, World
from tests.pages import PageClient


@pytest.fixture
def client(app: Flask, world: World) -> PageClient:
    """The admin, signed in."""
    client = EditorClient(app)
    sign_in(client, EMAIL)
    return client
