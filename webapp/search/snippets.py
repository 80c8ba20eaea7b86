"""The best passage of an article for a search, with the found words marked as spans. Never HTML."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from webapp.models import Article
from webapp.search.documents import plain_texts
from webapp.search.words import STOP_WORDS, stem, words
from webapp.text import sentences

LONGEST = 240  # characters
ARTICLES_KEPT = 500

Span = tuple[int, int]


@dataclass(frozen=True)
class Snippet:
    """A piece of text and where in it the found words stand: (start, end), in order."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class _Sentence:
    text: str
    stems: frozenset[str]


class _Kept:
    """The sentences of the articles shown last, by article and revision, so that their stems are found once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], list[_Sentence]] = OrderedDict()
        self._lock = Lock()

    def sentences_of(self, article: Article) -> list[_Sentence]:
        key = (article.id, article.revision_number)
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            kept = [
                _Sentence(sentence, frozenset(stem(word.folded) for word in words(sentence)))
                for text in plain_texts(article)
                for sentence in sentences(text)
            ]
            with self._lock:
                self._kept[key] = kept
                if len(self._kept) > ARTICLES_KEPT:
                    self._kept.popitem(last=False)
        return kept


_kept = _Kept()


def best_passage(article: Article, marked: Sequence[frozenset[str]]) -> Snippet:
    """The sentence with most of what was asked, and the next ones while there is room; the main message if none has any."""
    every = _kept.sentences_of(article)
    if not every:
        return Snippet("", ())
    counts = [sum(1 for wanted in marked if wanted <= sentence.stems) for sentence in every]
    best = counts.index(max(counts))
    text = every[best].text
    for following in every[best + 1 :]:
        if len(text) + len(following.text) >= LONGEST:
            break
        text = f"{text} {following.text}"
    return _cut(Snippet(text, spans_in(text, marked)))


def spans_in(text: str, marked: Sequence[frozenset[str]]) -> tuple[Span, ...]:
    """Where the marked stems stand in a text; words side by side become one span."""
    found = [(word, stem(word.folded)) for word in words(text)]
    present = {one for _, one in found}
    wanted = {one for group in marked if group <= present for one in group}
    spans: list[Span] = []
    for word, one in found:
        if one not in wanted or word.folded in STOP_WORDS:
            continue
        if spans and text[spans[-1][1] : word.start] in (" ", "-"):
            spans[-1] = (spans[-1][0], word.end)
        else:
            spans.append((word.start, word.end))
    return tuple(spans)


def _cut(snippet: Snippet) -> Snippet:
    """At most LONGEST characters, around the first found word, at the edges of words."""
    text = snippet.text
    if len(text) <= LONGEST:
        return snippet
    first = snippet.spans[0][0] if snippet.spans else 0
    start = max(0, min(first - LONGEST // 3, len(text) - LONGEST))
    start = text.find(" ", start) + 1 if start else 0
    end = min(len(text), start + LONGEST)
    end = end if end == len(text) else text.rfind(" ", start, end)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    shift = len(before) - start
    spans = tuple((a + shift, b + shift) for a, b in snippet.spans if a >= start and b <= end)
    return Snippet(f"{before}{text[start:end]}{after}", spans)
