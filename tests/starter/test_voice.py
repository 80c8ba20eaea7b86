"""How the summaries of the starter library sound, as far as it can be counted."""

import re
import statistics
import tomllib
from collections import Counter

import pytest

from tests.factories import STARTER
from webapp.content.article_content import ArticleContent, own_texts
from webapp.content.readability import reading_grade, sentences, words


def test_the_glossary_explains_each_word_once_and_plainly() -> None:
    terms = tomllib.loads((STARTER / "glossary.toml").read_text(encoding="utf-8"))["terms"]
    forms = [form.lower() for term in terms for form in (term["term"], *term["forms"])]
    assert [form for form, count in Counter(forms).items() if count > 1] == []
    assert [term["term"] for term in terms if len(sentences(term["meaning"])) > 2] == []
    assert statistics.median(reading_grade(term["meaning"]) for term in terms) <= 6
    assert [term["term"] for term in terms if reading_grade(term["meaning"]) > 8] == []


@pytest.fixture(scope="module")
def spoken(library: list[ArticleContent]) -> list[str]:
    """Every sentence of the summaries' own texts."""
    return [sentence for text in library for _, own in own_texts(text) for sentence in sentences(own)]


def test_sentences_vary_and_are_neither_chopped_nor_long(spoken: list[str]) -> None:
    lengths = [len(words(sentence)) for sentence in spoken]
    assert 12 <= statistics.mean(lengths) <= 18
    assert statistics.stdev(lengths) >= 5


def test_few_sentences_start_with_the_authors(spoken: list[str]) -> None:
    assert sum(sentence.startswith("The authors") for sentence in spoken) <= 0.03 * len(spoken)


def test_no_summary_uses_the_phrases_of_a_report(spoken: list[str]) -> None:
    formula = re.compile(r"did not clearly|\bfigures\b|\bso far\b")
    assert [sentence for sentence in spoken if formula.search(sentence)] == []


def test_most_simple_explanations_have_contractions(library: list[ArticleContent]) -> None:
    contraction = re.compile(
        r"[a-z]['’](?:t|re|ve|ll|d)\b|\b(?:it|that|there|here|what|who|he|she)['’]s\b", re.IGNORECASE
    )
    have = sum(bool(contraction.search(text.simple_explanation)) for text in library)
    assert have >= 0.8 * len(library)
