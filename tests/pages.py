"""A test client that checks every page it is given, as a careful reader of its HTML would."""

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from html5lib.constants import adjustSVGAttributes
from werkzeug.test import TestResponse

H = "{http://www.w3.org/1999/xhtml}"
S = "{http://www.w3.org/2000/svg}"
# htmx swaps fragments in by id; these attributes would need 'unsafe-inline'.
INLINE = re.compile(r"^(style|on\w+)$")
# Numbers, and tokens for forms: what differs each time a page is made. Not character references, nor names of elements.
VARYING = re.compile(r"(?<![\w.&#-])(?=[a-zA-Z_.-]*\d)[\w.-]{12,}|(?<!&#)\b\d{2,}\b")

VOID = frozenset(re.findall(r"\w+", "area base br col embed hr img input link meta source track wbr"))
NEVER_CLOSED = ("body", "html")  # white space after their end tags belongs to the body


class Remembered:
    """Checksums of pages, for all processes of a run once ``folder`` is set: what one has tried, no other need try again."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._known: set[str] = set()

    def __contains__(self, checksum: str) -> bool:
        if checksum not in self._known and self.folder and (self.folder / checksum).exists():
            self._known.add(checksum)
        return checksum in self._known

    def add(self, checksum: str) -> None:
        self._known.add(checksum)
        if self.folder:
            (self.folder / checksum).touch()


passed = Remembered()  # the pages and fragments that were checked
simple = Remembered()  # the pages of which SimpleParser makes the same tree as html5lib


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
    """Check a page or fragment, unless one passed that has the same pattern.

    No check depends on what differs, and parsing a page takes longer than making it.
    """
    checksum = pattern_of(text)
    if checksum not in passed:
        check(text)
        passed.add(checksum)


def pattern_of(text: str) -> str:
    """A checksum of a page that stands for all that differ in numbers and tokens only, the same ones in the same places."""
    names: dict[str, str] = {}
    pattern = VARYING.sub(lambda found: names.setdefault(found.group(), f"\0{len(names)}"), text)
    return sha256(pattern.encode()).hexdigest()


@lru_cache(maxsize=4)  # a test often reads what was just checked
def parsed(text: str) -> Element:
    """The tree of a page, which must be valid. Do not change it: the next who asks gets the same one.

    html5lib is strict but slow. It parses each page once; where the simple parser makes the same tree, it reads the next ones.
    """
    checksum = pattern_of(text)
    if checksum in simple:
        return SimpleParser().parse(text)
    tree: Element = html5lib.HTMLParser(strict=True).parse(text)
    with suppress(AssertionError, IndexError):  # a page that has more to it
        if _parts(SimpleParser().parse(text)) == _parts(tree):
            simple.add(checksum)
    return tree


class SimpleParser(HTMLParser):
    """Reads a page that is known to be valid, and in which no end tag is left out."""

    def __init__(self) -> None:
        super().__init__()
        self._tree, self._open = TreeBuilder(), [""]
        # What is left out of the next text; None: all white space, as before the head.
        self._prefix: str | None = None

    def parse(self, text: str) -> Element:
        """The tree of a page; raises AssertionError or IndexError where there is more to it."""
        self.feed(text.replace("\r\n", "\n"))
        self.close()
        while len(self._open) > 1:
            self._tree.end(self._open.pop())
        return self._tree.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_svg = tag == "svg" or self._open[-1].startswith(S)
        names = adjustSVGAttributes if is_svg else {}
        name = f"{S if is_svg else H}{tag}"
        self._prefix = "\n" if tag == "textarea" else None if tag == "html" else ""
        self._tree.start(name, {names.get(key, key): value or "" for key, value in attrs})
        if tag in VOID:
            self._tree.end(name)
        else:
            self._open.append(name)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in NEVER_CLOSED:
            name = self._open.pop()
            assert name.endswith(f"}}{tag}")
            self._tree.end(name)
            self._prefix = ""

    def handle_data(self, data: str) -> None:
        self._tree.data(data.lstrip() if self._prefix is None else data.removeprefix(self._prefix))
        self._prefix = ""


def _parts(tree: Element) -> list[tuple[object, ...]]:
    """All that a tree holds, for comparing it."""
    return [
        (element.tag, element.attrib, element.text or "", element.tail or "", len(element))
        for element in tree.iter()
    ]


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
