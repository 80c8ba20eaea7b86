"""A test client that checks every page it is given, as a careful reader of its HTML would."""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

H = "{http://www.w3.org/1999/xhtml}"
# htmx swaps fragments in by id; these attributes would need 'unsafe-inline'.
INLINE = re.compile(r"^(style|on\w+)$")
# Numbers, and tokens for forms: what differs each time a page is made. Not character references, nor names of elements.
VARYING = re.compile(r"(?<![\w.&#-])(?=[a-zA-Z_.-]*\d)[\w.-]{12,}|(?<!&#)\b\d{2,}\b")

_passed: set[bytes] = set()  # checksums of the pages and fragments that were checked


class PageClient:
    """A visitor. Every HTML answer must be valid, have one h1, a title, unique ids, labelled controls, nothing inline."""

    def __init__(self, app: Flask) -> None:
        self.flask: FlaskClient = app.test_client()

    def get(self, path: str, *, status: int = 200, **kwargs: Any) -> TestResponse:
        """Open a page and check it; the status must be the one given."""
        return self._checked(self.flask.get(path, **kwargs), status)

    def post(self, path: str, data: Any = None, *, status: int = 303, **kwargs: Any) -> TestResponse:
        """Send a form from our own site and check the answer."""
        headers = {"Sec-Fetch-Site": "same-origin"} | kwargs.pop("headers", {})
        return self._checked(self.flask.post(path, data=data, headers=headers, **kwargs), status)

    def fragment(self, path: str, *, status: int = 200, **kwargs: Any) -> str:
        """What htmx gets for a GET; it must be one element."""
        headers = {"HX-Request": "true"} | kwargs.pop("headers", {})
        response = self.flask.get(path, headers=headers, **kwargs)
        assert response.status_code == status, response.text
        return _checked_fragment(response)

    def post_fragment(self, path: str, data: Any = None, *, status: int = 200, **kwargs: Any) -> str:
        """What htmx gets for a POST; it must be one element."""
        headers = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"} | kwargs.pop("headers", {})
        response = self.flask.post(path, data=data, headers=headers, **kwargs)
        assert response.status_code == status, response.text
        return _checked_fragment(response)

    def _checked(self, response: TestResponse, status: int) -> TestResponse:
        assert response.status_code == status, f"{response.status_code}: {response.text[:2000]}"
        if response.mimetype == "text/html" and response.text:
            _check_once(response.text, check_page)
            path = response.request.path
            if response.request.method == "GET" and not path.startswith("/editor"):
                assert "Set-Cookie" not in response.headers, "a public page sets a cookie"
        return response


def check_page(text: str) -> Element:
    """Assert what holds for every page; returns its tree."""
    if "<html><head>" in text or text.startswith("<!doctype html>\n<html lang=en>\n<title>Redirecting"):
        raise AssertionError("a bare error page")
    tree = parsed(text)
    headings = list(tree.iter(f"{H}h1"))
    assert len(headings) == 1, f"{len(headings)} h1"
    title = tree.findtext(f"{H}head/{H}title") or ""
    generator = tree.find(f"{H}head/{H}meta[@name='generator']")
    site_name = (generator.get("content") or "").rpartition(" ")[0] if generator is not None else ""
    assert site_name and title.endswith(f"– {site_name}"), title
    assert title.strip().split("–")[0].strip(), "the title says nothing of the page"
    assert (tree.find(f"{H}head/{H}meta[@name='description']") is None) or tree.find(
        f"{H}head/{H}meta[@name='description']"
    ).get("content"), "empty description"  # type: ignore[union-attr]
    _check_headings(tree)
    _check_ids(tree)
    _check_controls(tree)
    _check_inline(tree)
    return tree


def _checked_fragment(response: TestResponse) -> str:
    assert "Set-Cookie" not in response.headers or response.request.path.startswith("/editor")
    assert "HX-Request" in response.headers["Vary"]
    text = response.text
    if text.strip():
        _check_once(text, _check_fragment)
    return text


def _check_fragment(text: str) -> None:
    root = html5lib.HTMLParser(strict=True).parseFragment(text, container="div")
    assert len(list(root)) >= 1
    _check_ids(root)
    _check_inline(root)


def _check_once(text: str, check: Callable[[str], object]) -> None:
    """Check a page or fragment, unless one passed that differs in numbers and tokens only, the same ones in the same places.

    No check depends on what they are, and parsing a page takes longer than making it.
    """
    names: dict[str, str] = {}
    pattern = VARYING.sub(lambda found: names.setdefault(found.group(), f"\0{len(names)}"), text)
    checksum = sha256(pattern.encode()).digest()
    if checksum not in _passed:
        check(text)
        _passed.add(checksum)


@lru_cache(maxsize=4)  # parsing costs more than making the page, and a test often reads what was just checked
def parsed(text: str) -> Element:
    """The tree of a page, which must be valid. Do not change it: the next who asks gets the same one."""
    tree: Element = html5lib.HTMLParser(strict=True).parse(text)
    return tree


def _check_headings(tree: Element) -> None:
    """Levels go down one at a time."""
    last = 0
    for element in tree.iter():
        match = re.fullmatch(rf"{re.escape(H)}h([1-6])", str(element.tag))
        if match:
            level = int(match.group(1))
            assert level <= last + 1, f"h{level} after h{last}: {''.join(element.itertext()).strip()}"
            last = level


def _check_ids(tree: Element) -> None:
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id") is not None)
    assert not [name for name, count in ids.items() if count > 1], f"ids used twice: {ids.most_common(3)}"
    assert "" not in ids
    for element in tree.iter():
        for attribute in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
            for name in (element.get(attribute) or "").split():
                assert name in ids, f"{attribute} names {name}, which is not on the page"


def _check_controls(tree: Element) -> None:
    """Every control has a name for assistive technology."""
    labelled = {element.get("for") for element in tree.iter(f"{H}label")}
    inside = {id(control) for label in tree.iter(f"{H}label") for control in label.iter()}
    for kind in ("input", "select", "textarea"):
        for control in tree.iter(f"{H}{kind}"):
            if control.get("type") in ("hidden", "submit"):
                continue
            is_named = control.get("id") in labelled or id(control) in inside or control.get("aria-label")
            assert is_named or control.get("aria-labelledby"), f"a control without a label: {control.attrib}"
    for button in [*tree.iter(f"{H}button"), *tree.iter(f"{H}a")]:
        name = "".join(button.itertext()).strip() or button.get("aria-label")
        assert name, f"a button or link without words: {button.attrib}"


def _check_inline(tree: Element) -> None:
    for element in tree.iter():
        for attribute in element.attrib:
            assert not INLINE.match(attribute), f"inline {attribute} on {element.tag}"
        assert element.tag != f"{H}style", "an inline style sheet"
        if element.tag == f"{H}script":
            is_data = element.get("type") in ("application/json", "application/ld+json")
            assert element.get("src") or is_data, "an inline script"
