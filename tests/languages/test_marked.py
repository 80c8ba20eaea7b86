"""That everything readers see around the texts is a message: in templates, and in the catalogs' placeholders."""

import re
from collections.abc import Iterator

import pytest
from jinja2 import Environment, nodes

from webapp.languages import catalogs
from webapp.languages.catalogs import FUNCTIONS, ROOT, parsed, readers_templates
from webapp.languages.language import known_languages

JINJA = Environment(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"])
# Names that are the same in each language, and words for programs.
NAMES = re.compile(
    r"\b(?:AIS|BibTeX|CC BY 4\.0|CSL-JSON|DOI|JSON Lines|PubMed|RIS|WhatsApp|article|website|UTF-8|Draft)\b"
)
FOR_EDITORS = ("Draft.", "Only editors can see this.")  # on the preview of a draft
SPANISH = re.compile(r'<(\w+)[^>]* lang="es">.*?</\1>', re.DOTALL)  # is in its own language on every page
SPOKEN = re.compile(r'\s(?:alt|aria-label|placeholder|title|data-announce|data-title)="([^"]*)"')
HIDDEN = re.compile(r"<(script|style|code)\b.*?</\1>|<!--.*?-->|<\?.*?\?>|<!doctype[^>]*>", re.DOTALL)
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def unmarked(source: str) -> Iterator[str]:
    """The words of a template that stand outside of every message, between its tags and in spoken attributes."""
    text, opens, is_message = [], False, False
    for _, kind, value in JINJA.lex(source):
        if kind == "block_begin":
            opens = True
        elif kind == "name" and opens:
            is_message = value in ("trans", "pluralize") or (is_message and value != "endtrans")
            opens = False
        elif kind == "data" and not is_message:
            text.append(value)
        elif kind in ("variable_begin", "raw_begin"):
            text.append("\N{HORIZONTAL ELLIPSIS}")
    shown = SPANISH.sub("", HIDDEN.sub("", "".join(text)))
    for words in (*SPOKEN.findall(shown), *re.split(r"<[^>]*>", shown)):
        # Character references, addresses, and attributes that a macro writes are no words.
        left = NAMES.sub("", re.sub(r'&\w+;|\S*/\S*|[\w-]+="[^"]*"', "", words))
        if re.search(r"[A-Za-z]{2}", left) and words.strip("\N{HORIZONTAL ELLIPSIS} \n") not in FOR_EDITORS:
            yield " ".join(words.split())


def constants(node: nodes.Node) -> Iterator[str]:
    """The strings of a template's expressions that look like words and are no arguments of a message."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in FUNCTIONS:
        children: list[nodes.Node] = [argument.value for argument in node.kwargs]
    elif isinstance(node, nodes.Filter) and node.name in ("translated", "plural", "format"):
        children = [node.node] if node.node and not isinstance(node.node, nodes.Const) else []
    elif isinstance(node, nodes.Compare | nodes.Operand):  # a name that is compared
        children = [child for child in node.iter_child_nodes() if not isinstance(child, nodes.Const)]
    elif isinstance(node, nodes.Pair):
        children = [node.value]
    else:
        children = list(node.iter_child_nodes())
    for child in children:
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            words = NAMES.sub("", child.value)
            if re.match(r"[A-Z][a-z\N{RIGHT SINGLE QUOTATION MARK}]+(?:$|[ .?!])|[a-z]{2,} [a-z]{2,}", words):
                yield child.value
        yield from constants(child)


def test_no_text_of_a_readers_template_is_unmarked() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): words
        for path in readers_templates()
        if (words := list(unmarked(path.read_text(encoding="utf-8"))))
    }
    assert not found, "mark these for translation (CONTRIBUTING.md says how)"


def test_no_string_of_a_readers_template_is_unmarked() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): strings
        for path in readers_templates()
        if (strings := [text for text in constants(parsed(path)) if text not in FOR_EDITORS])
    }
    assert not found, "mark these for translation (CONTRIBUTING.md says how)"


@pytest.mark.parametrize(
    "source",
    [
        "<p>Plain words</p>",
        '<a href="/" aria-label="Home page">{{ icon("home") }}</a>',
        "<p>{% trans %}Marked{% endtrans %} and not</p>",
        "<p>{% if x %}Some words{% endif %}</p>",
    ],
)
def test_unmarked_words_are_noticed(source: str) -> None:
    assert list(unmarked(source))


def test_marked_words_are_not_noticed() -> None:
    source = '<p class="no words">{{ _("Marked") }} {% trans n=3 %}Marked {{ n }}{% pluralize %}Too{% endtrans %}</p>'
    assert not list(unmarked(source))


def test_a_translation_has_the_placeholders_of_its_message() -> None:
    for language in list(known_languages().values())[1:]:
        for message in catalogs.read(language):
            ids = (message.id,) if isinstance(message.id, str) else message.id
            strings = (message.string,) if isinstance(message.string, str) else message.string
            wanted = {name for text in ids for name in PLACEHOLDER.findall(text)}
            for text in filter(None, strings or ()):
                # one of several forms may leave the number out
                assert set(PLACEHOLDER.findall(text)) <= wanted, (language.name, message.id)
                if len(ids) == 1:
                    assert set(PLACEHOLDER.findall(text)) == wanted, (language.name, message.id)
