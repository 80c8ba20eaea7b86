"""What a text claims: that something helped, that it always does, that nobody was harmed; and what it copies from its paper."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from webapp.content.article_content import DOES_NOT_APPLY, NOT_STATED, ArticleContent, own_texts
from webapp.content.problems import Problem
from webapp.content.readability import sentences
from webapp.content.source_text import RUN, WORD, SourceText, runs
from webapp.models import PaperPart
from webapp.models.values import ReadFrom, Result, StudyKind, Subject


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Make a pattern that finds any of these, which are regular expressions, as whole words."""
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)


_FILE = Path(__file__).with_name("claim_words.toml").read_text(encoding="utf-8")
_WORDS = {name: any_of(words) for name, words in tomllib.loads(_FILE).items()}
# What a main message or title may not say of this result: words, unless one of these kinds stands before them in their clause,
# or words of these kinds stand anywhere in it.
_CONTRADICTIONS = {
    Result.NO_CLEAR_DIFFERENCE: ("better", "denied", ("no_better", "unsure")),
    Result.HARMFUL: ("better", "denied", ("no_better", "unsure", "worse")),
    Result.HELPED: ("no_better", "", ("better", "gain")),
}
TELL_FINDINGS = ("plain_title", "main_message", "findings")
NOT_PEOPLE = ("animals", "lab")
_NAME_WORDS = 4  # words in capitals by which a run is a name, as of a scale
_RESULTS = re.compile(
    r"result|finding|outcome|safety|adverse|harm|complication|side effect|toler", re.IGNORECASE
)
_CLAUSE = re.compile(r"[.,;:()–—]|\b(?:but|and|while|although)\b")


def claimed(kind: str, text: str, *, unless: str = "") -> str:
    """Find the first words of this kind in a text; those of the kind ``unless`` must not stand before them in their clause."""
    for match in _WORDS[kind].finditer(text):
        start = max((end.end() for end in _CLAUSE.finditer(text, 0, match.start())), default=0)
        if not unless or not _WORDS[unless].search(text, start, match.start()):
            return match[0]
    return ""


def claim_errors(content: ArticleContent, source: SourceText) -> Iterator[Problem]:
    """Find claims that contradict the result or leave out harms, and words that are copied from the paper."""
    for field in ("plain_title", "main_message"):
        text = getattr(content, field)
        if content.result and (found := contradiction(content.result, text)):
            message = f"The result is “{content.result.label}”, but this says “{found}”. Change one of them."
            yield Problem(field, message, text)
    if content.result is not Result.NOT_TESTED and (harm := harm_left_out(content.harms, source)):
        yield Problem("harms", f"The paper reports on harms: “{harm}” Say what it says.")
    for field, text in own_texts(content):
        for copied in copied_words(text, source):
            message = f"“{copied}” stands in the paper word for word. Say it in your own words."
            yield Problem(field, message)


def claim_warnings(content: ArticleContent) -> Iterator[Problem]:
    """Find findings that are told as if they were always so or of nobody, orders to readers, and silence of a paper not read."""
    for field, sentence in ((field, one) for field, text in own_texts(content) for one in sentences(text)):
        always = _WORDS["always"].search(sentence) if field.startswith(TELL_FINDINGS) else None
        if always and not _WORDS["asked"].search(sentence, 0, always.start()):
            message = f"“{always[0]}” sounds as if it were always so. Say what happened in this study."
            yield Problem(field, message, sentence)
        if (order := claimed("orders", sentence)) and content.study_kind is not StudyKind.GUIDELINE:
            message = f"“{order}” tells readers what to do. Say what the study found."
            yield Problem(field, message, sentence)
        if claimed("silent", sentence) and content.paper.read_from is not ReadFrom.FULL_TEXT:
            message = "Nobody read the paper in full. Say what the abstract doesn’t say."
            yield Problem(field, message, sentence)
    summary = f"{content.paper.title} {content.paper.abstract}"
    if content.subject is Subject.PEOPLE and claimed("animals", summary) and not claimed("people", summary):
        yield Problem("subject", "The paper speaks of animals and not of people. Choose what it studied.")
    texts = [finding.text for finding in content.findings]
    if content.study_kind is StudyKind.STUDY_PLAN:  # which has no results but those of its trial
        texts += [event.text for event in content.since_then]
    for index, text in enumerate(texts if content.subject in (Subject.ANIMALS, Subject.LAB) else ()):
        if claimed("people", text, unless="denied") and not any(claimed(kind, text) for kind in NOT_PEOPLE):
            message = "This wasn’t tested in people. Say what it was tested in."
            yield Problem(f"findings-{index}-text", message, text)
    is_told = content.result is not Result.NOT_TESTED and texts
    if is_told and not any(
        claimed(kind, text) for kind in ("people", "took_part", *NOT_PEOPLE) for text in texts
    ):
        yield Problem("findings", "Say in a finding who was studied.")
    if content.result is Result.NO_CLEAR_DIFFERENCE and not any(
        claimed(kind, text) for kind in ("no_better", "unsure", "worse") for text in texts
    ):
        yield Problem("findings", "No finding says that there was no clear difference.")


def contradiction(result: Result | None, text: str) -> str:
    """Find the words by which a text says the opposite of the result."""
    if result not in _CONTRADICTIONS:
        return ""
    kind, unless, relieving = _CONTRADICTIONS[result]
    words = claimed(kind, text, unless=unless)
    return "" if any(claimed(other, text, unless="denied") for other in relieving) else words


def harm_left_out(harms: str, source: SourceText) -> str:
    """Find a sentence of the paper that reports harms, while our text says nothing of them, or that there were none.

    Sentences about what is known, planned or measured do not count, nor do introduction, methods and discussion.
    """
    is_silent = harms.startswith((NOT_STATED, DOES_NOT_APPLY)) and not claimed("harms", harms)
    denies = all(claimed("none_happened", sentence) for sentence in sentences(harms))
    for section in source.sections if is_silent or denies else ():
        if section.source is PaperPart.FULL_TEXT and not _RESULTS.search(section.heading):
            continue
        first = int(section.source is PaperPart.ABSTRACT)  # an abstract begins with what is known
        for sentence in sentences(section.text)[first:]:
            is_report = claimed("harms", sentence) and claimed("happened", sentence)
            is_left_out = is_silent or not claimed("none_happened", sentence)
            if is_report and is_left_out and not claimed("not_reported", sentence):
                return sentence
    return ""


def copied_words(text: str, source: SourceText) -> Iterator[str]:
    """Yield each passage of RUN words or more that stands in the paper word for word, unless it is mostly a name."""
    words, end = list(WORD.finditer(text)), 0
    for number, run in enumerate(runs(text) if source.runs else ()):
        if number >= end and run in source.runs:
            names = sum(word[0][0].isupper() for word in words[number : number + RUN])
            if names < _NAME_WORDS:
                end = number + RUN
                yield text[words[number].start() : words[end - 1].end()]
