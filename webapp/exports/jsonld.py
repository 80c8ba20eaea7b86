"""Structured data for search engines, in schema.org's vocabulary."""

import json
from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from webapp.catalog.translations import language_of
from webapp.content.fact_words import stated
from webapp.content.result_words import result_words
from webapp.content.sign_off_words import who_checked, written_by
from webapp.exports.reference import author_name
from webapp.languages.language import current_language, gettext, in_language
from webapp.models import Answer, Article
from webapp.models.article import Live
from webapp.web.site_settings import site_settings

_POPULATION = (
    "participants",
    "sample_size",
    "age",
    "injury_level",
    "injury_completeness",
    "time_since_injury",
)
# JSON inside a script element: these could end the element or, in old readers, a line.
_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def jsonld_text(graph: list[dict[str, Any]]) -> Markup:
    """The graph as text that is safe inside a script element."""
    text = json.dumps(
        {"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False, separators=(",", ":")
    )
    return Markup(text.translate(_ESCAPES))  # noqa: S704  # escaped here


def article_graph(article: Article, site_url: str) -> list[dict[str, Any]]:
    """The page (MedicalWebPage), the paper it is about (MedicalScholarlyArticle), and the way to it.

    Of a text that is not translated, it is the graph of the English page, in each language.
    """
    with in_language(language_of(article)):
        site_url += current_language().prefix
        page_url = f"{site_url}/research/{article.slug}"
        page = _page(article, page_url, article.takeaway, site_url) | {
            "disambiguatingDescription": gettext(
                "Plain-language summary of a paper. Result: %(result)s. We read %(what)s."
            )
            % {"result": result_words(article), "what": article.paper.what_was_read.label},
            "mainEntity": {"@id": f"{page_url}#paper"},
        }
        if not article.paper.is_retracted:
            page["hasPart"] = [
                {
                    "@type": "Claim",
                    "text": finding.text,
                    "description": ". ".join(filter(None, (finding.counts, finding.place))),
                    "isBasedOn": {"@id": f"{page_url}#paper"},
                }
                for finding in article.findings
            ]
        if article.since_then:
            page["citation"] = [
                _known(
                    {
                        "@type": "CreativeWork",
                        "abstract": event.text,
                        "datePublished": event.on,
                        "url": event.link,
                        "creditText": event.source,
                    }
                )
                for event in article.since_then
            ]
        if article.about_sci == "no":
            del page["about"]
        category = article.primary_category
        trail = _trail(
            (gettext("Home"), site_url),
            (gettext("Research"), f"{site_url}/research"),
            (gettext(category.name), f"{site_url}/categories/{category.slug}"),
            (article.title, page_url),
        )
        return [page, _paper(article, page_url), trail]


def answer_graph(answer: Answer, cited: Iterable[Article], site_url: str) -> list[dict[str, Any]]:
    """The page (MedicalWebPage) with the question, our answer and the summaries that it rests on, and the way to it.

    Of a text that is not translated, it is the graph of the English page, in each language.
    """
    with in_language(language_of(answer)):
        site_url += current_language().prefix
        page_url = f"{site_url}/answers/{answer.slug}"
        accepted = {
            "@type": "Answer",
            "text": " ".join(
                (
                    answer.verdict,
                    gettext("How sure: %(label)s.") % {"label": answer.certainty.label.lower()},
                    answer.certainty_reason,
                )
            ),
            "url": page_url,
            "citation": [f"{site_url}/research/{article.slug}" for article in cited],
        }
        page = _page(answer, page_url, answer.verdict, site_url) | {
            "mainEntity": {
                "@type": "Question",
                "name": answer.question,
                "answerCount": 1,
                "acceptedAnswer": accepted,
            },
        }
        trail = _trail(
            (gettext("Home"), site_url),
            (gettext("Answers"), f"{site_url}/answers"),
            (answer.question, page_url),
        )
        return [page, trail]


def home_graph(site_url: str) -> list[dict[str, Any]]:
    """The site with its search."""
    site_url += current_language().prefix
    search = {
        "@type": "SearchAction",
        "target": {"@type": "EntryPoint", "urlTemplate": f"{site_url}/search?q={{search_term_string}}"},
    }
    return [
        {
            "@type": "WebSite",
            "@id": site_url,
            "name": site_settings().name,
            "url": site_url,
            "inLanguage": current_language().tag,
            "potentialAction": search,
        }
    ]


def _page(live: Live, page_url: str, description: str, site_url: str) -> dict[str, Any]:
    """What a page says of itself, whether it is a summary or an answer."""
    names = written_by(live).rstrip(".")
    page: dict[str, Any] = {
        "@type": "MedicalWebPage",
        "@id": page_url,
        "url": page_url,
        "name": live.title,
        "description": description,
        "inLanguage": current_language().tag,
        "datePublished": live.published_at.date().isoformat(),
        "dateModified": live.updated_at.date().isoformat(),
        "about": {"@type": "MedicalCondition", "name": gettext("Spinal cord injury")},
        "audience": {"@type": "MedicalAudience", "audienceType": "Patient"},
        "publisher": {"@type": "Organization", "name": site_settings().name, "url": site_url},
        "creditText": " ".join(
            filter(
                None,
                (gettext("Written by %(writer)s.") % {"writer": names} if names else "", who_checked(live)),
            )
        ),
    }
    # Of the text as it is now: these properties cannot say that an earlier version was reviewed.
    if current := [sign_off for sign_off in live.sign_offs if not sign_off.is_earlier]:
        page["lastReviewed"] = current[-1].on.isoformat()
        page["reviewedBy"] = [
            _known({"@type": "Person", "name": sign_off.name, "jobTitle": sign_off.role})
            for sign_off in current
            if sign_off.name
        ]
    return page


def _trail(*steps: tuple[str, str]) -> dict[str, Any]:
    """The way to a page: names and addresses."""
    places = [
        {"@type": "ListItem", "position": position, "name": name, "item": address}
        for position, (name, address) in enumerate(steps, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": places}


def _paper(article: Article, page_url: str) -> dict[str, Any]:
    paper = article.paper
    part_of: dict[str, Any] = {"@type": "Periodical", "name": paper.journal}
    if paper.volume:
        part_of = {"@type": "PublicationVolume", "volumeNumber": paper.volume, "isPartOf": part_of}
    if paper.issue:
        part_of = {"@type": "PublicationIssue", "issueNumber": paper.issue, "isPartOf": part_of}
    country = stated(article, "country")
    study = _known(
        {
            "identifier": [entry.number for entry in article.registrations if entry.number],
            "sameAs": [entry.url for entry in article.registrations if entry.url],
            "population": "; ".join(filter(None, (stated(article, name) for name in _POPULATION))),
            "studyLocation": {"@type": "AdministrativeArea", "name": country} if country else None,
        }
    )
    values: dict[str, Any] = {
        "@type": "MedicalScholarlyArticle",
        "@id": f"{page_url}#paper",
        "headline": paper.cited_title,
        "author": [
            _known(
                {
                    "@type": "Person" if author.given else "Organization",
                    "name": author_name(author),
                    "sameAs": f"https://orcid.org/{author.orcid}" if author.orcid else "",
                }
            )
            for author in paper.authors
        ],
        # schema.org wants a whole date; a paper of which we know only the year has none
        "datePublished": paper.published_on if len(paper.published_on) == len("2022-01-01") else None,
        "isPartOf": part_of,
        "pagination": paper.pages,
        "identifier": f"doi:{paper.doi}" if paper.doi else f"pmid:{paper.pmid}" if paper.pmid else None,
        "sameAs": paper.link,
        "isAccessibleForFree": paper.is_free_to_read,
        "about": {"@type": "MedicalStudy"} | study if study else None,
    }
    return _known(values)


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], "")}
