"""The test client's own check of pages: no page passes for another one."""

from pathlib import Path

import pytest
from flask import Flask

from tests.pages import H, PageClient, Remembered, SimpleParser, parsed, pattern_of, simple

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


def test_a_page_that_passed_in_one_process_is_known_to_the_others(tmp_path: Path) -> None:
    one, other = Remembered(), Remembered()
    one.folder = other.folder = tmp_path
    one.add("a-page")
    assert "a-page" in other and "another-page" not in other


def fields(text: str) -> str:
    """A page with a field whose text is ``text``."""
    return PAGE.replace(
        "<p id", f"<textarea>\n{text}</textarea>\n<svg viewBox='0 0 8 8'><path d='M0'/></svg>\n<p id", 1
    )


@pytest.mark.parametrize("ends", ["</p>", ""])
def test_pages_are_read_alike_whether_one_like_it_was_read_before(ends: str) -> None:
    page = fields("two\nlines").replace('"row-{one}">', f'"row-{{one}}">{ends}')
    trees = [parsed(page.format(one=one, two=two)) for one, two in (("20", "21"), ("22", "23"))]
    assert [tree.findtext(f".//{H}textarea") for tree in trees] == ["two\nlines"] * 2
    assert [[p.get("id") for p in tree.findall(f"{H}body/{H}p")] for tree in trees] == [
        ["row-20", "row-21"],
        ["row-22", "row-23"],
    ]


def test_what_the_simple_parser_reads_otherwise_is_left_to_html5lib() -> None:
    page = fields("").format(one=30, two=31)  # of two paragraphs, one is not closed
    trees = SimpleParser().parse(page), parsed(page)
    assert [len(tree.findall(f"{H}body/{H}p")) for tree in trees] == [1, 2]
    assert pattern_of(page) not in simple
