"""What of an article is searched, and how much each part of it counts."""

from typing import Any

from webapp.models import Article
from webapp.models.values import PaperStatus
from webapp.search.plan import FacetName, IndexDocument, Passage

# A word in a title says more of what an article is about than one in its limits.
PLAIN_TITLE, PAPER_TITLE, MAIN_MESSAGE, HEADING, TEXT, FACT = 2.0, 2.0, 1.5, 1.5, 1.0, 0.5

RETRACTED = 0.1  # what a retracted paper said is found, but after everything else


def document_of(article: Article) -> IndexDocument:
    """The article as search engines get it."""
    return IndexDocument(
        article_id=article.id,
        revision=article.revision_number,
        published=int(article.published_at.timestamp()),
        passages=tuple(passage for passage in _passages(article) if passage.text),
        facets=facets_of(article),
    )


def facets_of(article: Article) -> dict[FacetName, tuple[str, ...]]:
    """The filter values of an article."""
    return {
        FacetName.CATEGORY: tuple(category.slug for category in article.categories),
        FacetName.KIND: (article.study_kind.value,),
        FacetName.SUBJECT: (article.subject.value,),
        FacetName.RESULT: (article.result.value,),
        FacetName.YEAR: (str(article.paper.year),),
    }


def plain_texts(article: Any) -> list[str]:
    """The readable texts of an article (or a row of its columns), most telling first: what snippets are taken from."""
    return [
        article.main_message,
        article.simple_explanation,
        *[finding.text for finding in article.findings],
        article.research_summary,
        *[implication.text for implication in article.implications],
        article.harms or "",
        *article.limitations,
        *article.questions,
        article.participants or "",
    ]


def _passages(article: Article) -> list[Passage]:
    paper = article.paper
    share = RETRACTED if paper.status == PaperStatus.RETRACTED else 1.0
    return [Passage(passage.text, passage.weight * share) for passage in _weighted(article)]


def _weighted(article: Article) -> list[Passage]:
    paper = article.paper
    facts = [
        article.study_duration,
        article.evidence_level,
        article.sample_size,
        article.age,
        article.country,
        article.injury_level,
        article.injury_completeness,
        article.time_since_injury,
        article.trial_number,
        paper.journal,
        paper.doi,
        paper.pmid,
        paper.pmcid,
        *[author.family for author in paper.authors],
    ]
    return [
        Passage(article.plain_title or "", PLAIN_TITLE),
        Passage(paper.title, PAPER_TITLE),
        Passage(article.main_message, MAIN_MESSAGE),
        *[Passage(category.name, HEADING) for category in article.categories],
        *[Passage(term, HEADING) for term in paper.mesh_terms],
        Passage(article.species or "", HEADING),
        *[Passage(text, TEXT) for text in plain_texts(article)[1:]],
        *[Passage(implication.title, TEXT) for implication in article.implications],
        *[Passage(fact or "", FACT) for fact in facts],
    ]
