"""How everything sounds that people read: pages, mails, errors, labels, and the sentences of scripts."""

import ast
import re
import statistics
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment

from tests.factories import STARTER
from tests.pages import PageClient
from webapp.content.readability import sentences, words

ROOT = STARTER.parents[1]
JINJA = Environment(autoescape=True)
RUNNING_PAGES = ["/about", "/how-we-write", "/disclaimer", "/accessibility"]

# Said by somebody who translates, or who writes a report; the second column is what a friend would say.
INSTEAD = {
    r"nor did|went with": "had, too · we don't know why",
    r"by chance|chance decided": "at random, like a coin toss",
    r"did not clearly|didn['’]t clearly": "did not help · we can't tell if it helped",
    r"slight lean|this too is|very unsure of this": "slightly stronger · we can't be sure of this, either",
    r"one press|press the link|took this paper back": "one click · click the link · retracted (withdrew)",
    r"put right|once more|whom or what|does not belong together|had an interest": "fix · again · who · stand to gain",
    r"put in a visit pack|copy to share|did you get it": "Add to my visit pack · Copy link · Was this clear?",
    r"standing questions?": "We look for 9 facts in every study",
    r"pooing|peeing, pooing": "pooping",
    r"(?<!key )\bfigures\b|password so far|ticked off|undid a change of several": "digits · Current password · Marked as done",
    r"publish(?:ing)? (?:it )?by itself|where people stand|how many people stand": "Scheduled · Subscribers by status",
    r"you do not know what this is|no hard word that|not open to you": "Didn't ask for this? · No hard words found",
}
# One name for one thing, on every screen and in every mail.
NAMES = {
    r"e-mails?|electronic mail": "email",
    r"log(?:s|ged|ging)?[ -]?in(?:s)?|log(?:s|ged)? ?(?:out|off)|sign(?:ing|ed)? off of": "sign in, sign out",
    r"(?:press|tap|hit)(?:es|ed|ing)? (?:the|a|any|“)": "click",
    r"tick(?:ed|s)? (?:the|it|this|that|at least)|unticked": "check, uncheck",
    r"reading list|visit list|my list|info(?:rmation)? pack": "visit pack",
    r"(?<![“/])articles?(?!-)|blog|posts|lay summar(?:y|ies)": "summary; a study or paper is what it is about",
    r"mailing list|bulletin|digests?": "newsletter",
    r"carers?": "caregiver",
    r"opt[- ]outs?|cancel your subscription": "unsubscribe",
}
BRITISH = re.compile(
    r"\b(?:(?:random|organ|recogn|summar|apolog|special|standard|general|normal|optim|minim|maxim|emphas|priorit|author|"
    r"categor|catheter|hospital|mobil|stabil|util|real|final)is(?:e|ed|es|ing|ation)|colour\w*|favour\w*|behaviour\w*|"
    r"centres?|fibres?|licence\w*|programmes?|grey|whilst|amongst|learnt|cancelled|cancelling|labell\w+|travell\w+|fulfil|"
    r"enrol|catalogue\w*|judgement|ageing|practise\w*|anaesth\w+|haem\w+|oedema|paediatric\w*|orthopaed\w+|tumours?|"
    r"faec\w+|analyse[ds]?|analysing|paralyse[ds]?|paralysing|mum)\b",
    re.IGNORECASE,
)
STIFF = re.compile(
    r"\b(?:do|does|did|is|are|was|were|has|have|had|will|would|could|should|can) ?not\b(?! only)",
    re.IGNORECASE,
)
# What a label or an editor's fixed value says, and the end of a question.
LONG_FORM = re.compile(r"\bor not\b|did not help|does not test|does not apply", re.IGNORECASE)
# What a paper, its owner or another site says, and what readers may type.
NOT_OUR_WORDS = {"paper", "source", "sources", "triggers", "forms", "phrasings", "since_then", "elsewhere"}


class Text(NamedTuple):
    """One piece of text for people, and the file it is in."""

    file: str
    words: str


BLOCKS = re.compile(
    r"</?(?:p|li|h\d|d[tdl]|t[dhr]|[uo]l|div|section|article|summary|button|legend|label|option|caption|title|form|nav|header"
    r"|aside|fig\w+|fieldset|details|table|tbody|thead|br|head|body|html|footer|main|svg|blockquote)\b[^>]*>"
)
FOR_PROGRAMS = re.compile(r"\{% block social_type %\}\w+\{% endblock %\}")  # what Open Graph calls a page
SPOKEN_ATTRIBUTES = re.compile(r'\b(?:aria-label|title|placeholder|alt|data-announce|data-busy)="([^"]*)"')


def of_template(source: str) -> Iterator[str]:
    """The pieces of text of a template: between its tags, in its attributes, and in the strings of its expressions."""
    made = []
    for _, kind, value in JINJA.lex(FOR_PROGRAMS.sub("", source)):
        if kind == "data":
            made.append(value)
        elif kind == "variable_end":
            made.append("…")
        elif kind == "name" and value in ("else", "elif"):
            made.append("<br>")  # what is said in one case is not said in the other
        elif kind == "string" and (" " in value or value[1:2].isupper()):
            yield value[1:-1]
    text = re.sub(r"<(script|style)\b.*?</\1>", "", "".join(made), flags=re.DOTALL)
    yield from SPOKEN_ATTRIBUTES.findall(text)
    for block in BLOCKS.split(text):
        yield unescape(re.sub(r"<[^>]*>", "", block))


def of_python(source: str) -> Iterator[str]:
    """The strings of a module that begin like a label or a sentence; docstrings and log messages are for programmers."""
    tree = ast.parse(source)
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    inner |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            text = "".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            text = node.value
        if re.match(r"[A-Z“…][^\\|]*$", text):
            yield text


def of_toml(source: str) -> Iterator[str]:
    """Every string of a file that is our own."""
    yield from _strings(tomllib.loads(source))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        yield from _strings([one for name, one in value.items() if name not in NOT_OUR_WORDS])


def of_script(source: str) -> Iterator[str]:
    """The strings of a script that begin like a label or a sentence."""
    code = re.sub(r"(?m)^\s*//.*$|/\*.*?\*/", "", source)
    yield from (text for _, text in re.findall(r"([\"'`])([A-Z“][^\"'`\n]* [^\"'`\n]*)\1", code))


@lru_cache
def everything() -> list[Text]:
    """All that people can read, but the library and what only operators see."""
    sources: list[tuple[Callable[[str], Iterator[str]], list[Path]]] = [
        (of_template, [*ROOT.glob("templates/**/*.html"), *ROOT.glob("templates/**/*.txt")]),
        (of_python, [file for file in ROOT.glob("webapp/**/*.py") if not is_for_operators(file)]),
        (
            of_toml,
            [
                *(
                    ROOT / f"webapp/{name}.toml"
                    for name in ("web/errors", "content/labels", "newsletter/privacy")
                ),
                *(STARTER / "pages").glob("*.toml"),
            ],
        ),
        (of_script, [file for file in ROOT.glob("static/js/*.js") if file.name != "htmx.js"]),
    ]
    return [
        Text(str(file.relative_to(ROOT)), " ".join(text.split()))
        for read, files in sources
        for file in files
        for text in read(file.read_text(encoding="utf-8"))
        if re.search(r"[A-Za-z]{2}", text)
    ]


@lru_cache
def library() -> list[Text]:
    """Our own words in the starter library: summaries, answers, safety cards, topics and words explained."""
    return [
        Text(file.name, text)
        for file in STARTER.rglob("*.toml")
        for text in of_toml(file.read_text(encoding="utf-8"))
    ]


def is_for_operators(file: Path) -> bool:
    return file.stem in ("commands", "cli", "config") or file.parent.name in ("operations", "versions", "db")


def awkward(texts: list[Text], instead: dict[str, str]) -> list[str]:
    """Where one of the patterns is said, and what to say in its place."""
    patterns = [
        (re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), say) for pattern, say in instead.items()
    ]
    return [
        f"{text.file}: “{found[0]}” – say: {say}"
        for text in texts
        for pattern, say in patterns
        if (found := pattern.search(text.words))
    ]


def test_what_people_read_is_found() -> None:
    """Otherwise the other tests would read nothing and pass."""
    template = """{# No #}<p class="No">One{% if x %} two{% else %} three{% endif %} {{ "four five" }}</p><b title="Six">7</b>"""
    found = {text.strip() for text in of_template(template)}
    assert found - {""} == {"One two", "three …", "four five", "Six", "7"}
    module = """'No.'\nlog('no text')\nx = f'One {y} two.'\nz = 'Three'"""
    assert set(of_python(module)) == {"One … two.", "Three"}
    assert set(of_toml('a = "One"\n[paper]\ntitle = "No"')) == {"One"}
    assert set(of_script("// No 'No no'\nsay('no'); tell('One two');")) == {"One two"}
    assert len(everything()) > 2500 and len(library()) > 5000


def test_nothing_is_said_that_a_native_speaker_would_not_say() -> None:
    assert awkward(everything() + library(), INSTEAD) == []


def test_one_thing_has_one_name() -> None:
    assert awkward(everything(), NAMES) == []


def test_spelling_is_american() -> None:
    texts = everything() + library()
    assert [(text.file, found[0]) for text in texts if (found := BRITISH.search(text.words))] == []


def test_negatives_are_short() -> None:
    assert [text for text in everything() if STIFF.search(LONG_FORM.sub("", text.words))] == []


def test_nobody_is_asked_twice_in_one_breath() -> None:
    assert [
        text for text in everything() if len(re.findall(r"\bplease\b", text.words, re.IGNORECASE)) > 1
    ] == []


def test_sentences_of_running_text_have_mixed_length(client: PageClient) -> None:
    """Neither chopped nor long; lists and headings are not running text."""
    pages = [re.sub(r"(?s).*<main|</main>.*", "", client.get(path).text) for path in RUNNING_PAGES]
    paragraphs = re.findall(r"<p\b[^>]*>(.*?)</p>", "".join(pages), re.DOTALL)
    texts = [unescape(re.sub(r"<[^>]+>", "", paragraph)) for paragraph in paragraphs]
    lengths = [len(words(sentence)) for text in texts for sentence in sentences(text)]
    assert 12 <= statistics.mean(lengths) <= 18
    assert statistics.stdev(lengths) >= 5
