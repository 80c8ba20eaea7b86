"""The test client's own check of pages: no page passes for another one."""

import pytest
from flask import Flask

from tests.pages import PageClient

PAGE = """<!doctype html>
<html lang=en><head><meta name=generator content="A name 1.0.0"><title>Rows – A name</title></head>
<body><h1>Rows</h1><p id="row-{one}"><p id="row-{two}"></p></body></html>"""


@pytest.fixture
def client() -> PageClient:
    """A browser at a site that shows two rows with the numbers in the address."""
    app = Flask(__name__)
    app.add_url_rule("/<one>/<two>", "rows", PAGE.format)
    return PageClient(app)


def test_a_number_used_twice_is_noticed_after_a_page_with_other_numbers(client: PageClient) -> None:
    client.get("/10/11")
    with pytest.raises(AssertionError, match="used twice"):
        client.get("/12/12")


def test_a_page_that_did_not_pass_does_not_pass_the_second_time(client: PageClient) -> None:
    for _ in range(2):
        with pytest.raises(AssertionError, match="used twice"):
            client.get("/13/13")
