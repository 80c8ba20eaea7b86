"""What of an article is searched, and how much each part of it counts."""

from collections.abc import Mapping
from dataclasses import dataclass

from webapp.content.fact_words import stated
from webapp.models import Article
from webapp.models.values import PaperStatus
from webapp.search.query import FacetName

_FACTS = (
    "study_duration",
    "sample_size",
    "age",
    "country",
    "injury_level",
    "injury_completeness",
    "time_since_injury",
    "registrations",
)

# A word in a title says more of what an article is about than one in its limits.
PLAIN_TITLE, PAPER_TITLE, MAIN_MESSAGE, HEADING, TEXT, FACT = 2.0, 2.0, 1.5, 1.5, 1.0, 0.5

RETRACTED = PaperStatus.RETRACTED.value  # in place of a result: what such a paper found counts nowhere


@dataclass(frozen=True)
class Passage:
    """A part of an article's text and how much a word in it counts."""

    text: str
    weight: float


@dataclass(frozen=True)
class IndexDocument:
    """An article as the index gets it. ``published`` is in seconds since 1970."""

    article_id: int
    revision: int
    published: int
    passages: tuple[Passage, ...]
    facets: Mapping[FacetName, tuple[str, ...]]


def document_of(article: Article) -> IndexDocument:
    """The article as the index gets it."""
    return IndexDocument(
        article_id=article.id,
        revision=article.revision_number,
        published=int(article.published_at.timestamp()),
        passages=tuple(Passage(text, weight) for text, weight in _weighted_texts(article) if text),
        facets={
            FacetName.CATEGORY: tuple(category.slug for category in article.categories),
            FacetName.KIND: (article.study_kind.value,),
            FacetName.SUBJECT: (article.subject.value,),
            FacetName.RESULT: (RETRACTED if article.paper.is_retracted else article.result.value,),
            # the ranges are what the page offers; single years are in addresses that people have saved
            FacetName.YEAR: (str(article.paper.year), five_years(article.paper.year)),
        },
    )


def five_years(year: int) -> str:
    """The range of years that a year is in: "2015-2019"."""
    first = year - year % 5
    return f"{first}-{first + 4}"


def plain_texts(article: Article) -> list[str]:
    """The readable texts of an article, the main message first: what snippets are taken from."""
    return [
        article.main_message,
        article.simple_explanation,
        *[finding.text for finding in article.findings],
        article.research_summary,
        *[implication.text for implication in article.implications],
        stated(article, "harms"),
        *article.limitations,
        *article.questions,
        stated(article, "participants"),
        *[event.text for event in article.since_then],
    ]


def _weighted_texts(article: Article) -> list[tuple[str | None, float]]:
    paper = article.paper
    facts = [
        article.evidence_level,
        *[stated(article, name) for name in _FACTS],
        paper.journal,
        paper.doi,
        paper.pmid,
        paper.pmcid,
        *[author.family for author in paper.authors],
    ]
    return [
        (article.plain_title, PLAIN_TITLE),
        (paper.title, PAPER_TITLE),
        (article.main_message, MAIN_MESSAGE),
        *[(category.name, HEADING) for category in article.categories],
        *[(term, HEADING) for term in paper.mesh_terms],
        (article.species, HEADING),
        *[(text, TEXT) for text in plain_texts(article)[1:]],
        *[(implication.title, TEXT) for implication in article.implications],
        *[(fact, FACT) for fact in facts],
    ]
