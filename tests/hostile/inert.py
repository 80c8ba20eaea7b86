"""Is a text that somebody typed only a text in what is sent out?"""

import json
import re
from xml.etree.ElementTree import Element

import html5lib

from tests import pages
from tests.hostile.corpus import PROBE
from tests.pages import H

SAFE_ADDRESS = re.compile(
    r"(https?://|mailto:|otpauth://|(tel|sms):\+?\d+(\?body=[A-Z]+)?$|/|#|\?|$)", re.IGNORECASE
)
ELSEWHERE = re.compile(r"\s*(https?:[/\\]*|[/\\]{2,})[^/\\?#]*evil\.example", re.IGNORECASE)
ADDRESSES = ("href", "src", "action", "formaction", "data-hx-get", "data-hx-post", "poster", "data", "srcset")
NEVER = {"iframe", "object", "embed", "base", "math", "frame", "applet", PROBE}
CALCULATED = str(7777 * 7)  # what the templates in the corpus come to if anything runs them


def check_page(text: str) -> None:
    """A page of the site is valid and nothing but text came from a text; so is a fragment."""
    _check_tree(pages.check_page(text) if text.startswith("<!doctype") else html5lib.parse(text))
    check_data(text)


def check_html(text: str) -> None:
    """The HTML of a mail or a feed: no element, attribute, script or address in it comes from a text."""
    _check_tree(html5lib.parse(text))
    check_data(text)


def check_data(text: str) -> None:
    """Nothing in it was run."""
    assert CALCULATED not in text


def _check_tree(tree: Element) -> None:
    for element in tree.iter():
        if isinstance(element.tag, str):
            _check_element(element)


def _check_element(element: Element) -> None:
    tag = str(element.tag).removeprefix(H)
    assert tag not in NEVER, f"<{tag}> came from a text"
    assert tag != "meta" or element.get("http-equiv") is None, "a text made a page go elsewhere"
    for name, value in element.attrib.items():
        assert not name.startswith(("on", "xss", "srcdoc")), f"{name} on <{tag}> came from a text"
        if name in ADDRESSES:
            assert SAFE_ADDRESS.match(value.strip()), f"<{tag} {name}={value[:80]!r}>"
            assert not ELSEWHERE.match(value), f"<{tag} {name}={value[:80]!r}> leads to another site"
    if tag == "script":
        _check_script(element)


def _check_script(element: Element) -> None:
    if element.get("src") is not None:
        assert str(element.get("src")).startswith("/assets/") and not element.text
        return
    assert element.get("type") == "application/ld+json"
    body = element.text or ""
    json.loads(body)
    assert not set("<>&\u2028\u2029") & set(body), "structured data that could end its script"
