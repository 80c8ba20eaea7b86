"""Checks of what a language model wrote. All of them are errors: a reason does not help, only other words do.

Measured elsewhere, models generalize beyond their paper five times as often as people, so each of the model's sentences is
held against the paper: its direction, whom it is about, what caused what, and the harms.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from webapp.content.ai_text import AiText
from webapp.content.article_content import ArticleContent, own_texts
from webapp.content.checks import warnings
from webapp.content.claims import NOT_PEOPLE, TELL_FINDINGS, any_of, claimed
from webapp.content.number_check import Trace, closest, traced_in
from webapp.content.problems import Problem
from webapp.content.quantities import quantities
from webapp.content.readability import words
from webapp.content.sign_off_words import names_ai
from webapp.content.source_text import SourceText, source_text, stems
from webapp.models import PaperPart, PaperSection
from webapp.models.values import Subject

_FILE = tomllib.loads(Path(__file__).with_name("ai_words.toml").read_text(encoding="utf-8"))
_SCOPE = [(any_of(group["ours"]), any_of(group["paper"])) for group in _FILE.pop("scope")]
_WORDS = {name: any_of(words) for name, words in _FILE.items()}
# "12 people", "48 injured adults"
_COUNTED = re.compile(
    r"\s+(?:[\w-]+\s+){0,2}?(?:people|persons|(?:wo)?men|adults|patients|participants|volunteers)\b",
    re.IGNORECASE,
)
_LOOK_BEYOND = ("implications", "limitations")  # where a text may name those who were not studied
_MOST_QUOTED = 50  # words
_LEAST_STEMS = 3  # that a sentence shares with the paper's sentence that it is held against


def ai_errors(
    content: ArticleContent, ai: AiText, sections: Sequence[PaperSection] = ()
) -> Iterator[Problem]:
    """Find what stops a text with sentences of a language model; all warnings about them are among it."""
    source = source_text(content.paper, tuple(sections))
    yield from (problem for problem in warnings(content, sections) if ai.has(problem, content))
    yield from _finding_errors(content, ai)
    is_nothing_better = {_direction(one.text) for one in source.sentences} in ({-1}, {-1, 0})
    for field, sentence in ai.sentences(own_texts(content)):
        for message in _sentence_errors(content, source, field, sentence):
            yield Problem(field, message, sentence)
        if field in ("plain_title", "main_message") and is_nothing_better and _direction(sentence) > 0:
            message = "No sentence of the paper says this, and one says the opposite. Check this one."
            yield Problem(field, message, sentence)
    is_harmless = _WORDS["harmless"].search(content.harms) and ai.paragraphs(content, ["harms"])
    if is_harmless and not any(claimed("harms", one.text) for one in source.sentences):
        message = "The stored text of the paper doesn’t say that there were no harms. Say what we know."
        yield Problem("harms", message, content.harms)
    if not names_ai(content.written_by):
        yield Problem("written_by", "AI wrote a first draft of this. Say so, with the word “AI”.")


def _finding_errors(content: ArticleContent, ai: AiText) -> Iterator[Problem]:
    """Find the model's findings that do not follow from their quotes."""
    for index, finding in enumerate(content.findings):
        field = f"findings-{index}"
        if not list(ai.sentences([(field, finding.text)])):
            continue
        if not finding.quote.strip():
            yield Problem(f"{field}-quote", f"Give finding {index + 1} its sentence from the paper.")
            continue
        if len(words(finding.quote)) > _MOST_QUOTED:
            yield Problem(f"{field}-quote", f"Keep the quote of finding {index + 1} to {_MOST_QUOTED} words.")
        quoted = SourceText("", PaperSection(PaperPart.ABSTRACT, finding.quote))
        for number, (trace, *_) in traced_in(finding.text, quoted).items():
            if trace is Trace.MISSING:
                message = f"The quote of finding {index + 1} doesn’t say {number}. Change one of them."
                yield Problem(f"{field}-text", message, finding.text)
        if _direction(finding.text) * _direction(finding.quote) < 0:
            message = f"Finding {index + 1} says the opposite of its quote. Change one of them."
            yield Problem(f"{field}-text", message, finding.text)


def _sentence_errors(content: ArticleContent, source: SourceText, field: str, sentence: str) -> Iterator[str]:
    """Say what is wrong with a sentence, next to its paper."""
    paper = "\n".join(one.text for one in source.sentences)
    nearest = closest(source.sentences, sentence) if source.sentences else None
    is_near = nearest is not None and len(stems(sentence) & nearest.stems) >= _LEAST_STEMS
    if nearest and is_near and _direction(sentence) * _direction(nearest.text) < 0:
        yield f"The paper seems to say the opposite: “{nearest.text}” Check this sentence."
    for ours, theirs in () if field.startswith(_LOOK_BEYOND) else _SCOPE:
        if (word := ours.search(sentence)) and not theirs.search(paper):
            yield f"The stored text of the paper doesn’t speak of “{word[0]}”. Say who or what was studied."
    is_link = _WORDS["linked"].search(paper) and not _WORDS["chance"].search(paper)
    is_finding = field.startswith(TELL_FINDINGS) and not claimed("denied", sentence)
    if (word := _WORDS["causes"].search(sentence)) and is_link and is_finding:
        yield f"The paper shows a link. “{word[0]}” says more than that."
    is_not_people = content.subject in (Subject.ANIMALS, Subject.LAB) or not claimed("people", paper)
    is_counted = any(
        _COUNTED.match(sentence, one.start + len(one.text)) for one in quantities(sentence) if one.is_count
    )
    if is_not_people and is_counted and any(claimed(kind, paper) for kind in NOT_PEOPLE):
        yield "The paper speaks of animals or the lab, and this of people. Say what was studied."
    if general := claimed("general", sentence):
        yield f"“{general}” speaks for all research. Say what this study found."
    if word := _WORDS["address"].search(sentence):
        yield f"A summary gives no addresses: “{word[0]}”. Take it out."


def _direction(text: str) -> int:
    """Tell whether a text says that something did good (1), or that it did not (-1); 0 if it says both, neither or maybe."""
    if claimed("unsure", text):
        return 0
    is_good = bool(claimed("better", text, unless="denied"))
    is_denied = bool(claimed("no_better", text)) or (not is_good and bool(claimed("better", text)))
    return is_good - is_denied
