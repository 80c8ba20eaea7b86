"""References as CSL-JSON, the data that citation processors read. Source: csl-data.json schema 1.0."""

from typing import Any

from webapp.exports.reference import Reference

MIMETYPE = "application/vnd.citationstyles.csl+json"


def csl(references: list[Reference]) -> list[dict[str, Any]]:
    """Each reference as one CSL object; facts that are not known are left out."""
    return [_csl_object(reference) for reference in references]


def _csl_object(reference: Reference) -> dict[str, Any]:
    values = {
        "id": reference.key,
        "type": "webpage" if reference.is_webpage else "article-journal",
        "title": reference.title,
        "author": [_name(author.family, author.given) for author in reference.authors],
        "container-title": reference.container,
        "issued": {"date-parts": [[int(part) for part in reference.published_on.split("-")]]},
        "volume": reference.volume,
        "issue": reference.issue,
        "page": reference.pages,
        "DOI": reference.doi,
        "PMID": reference.pmid,
        "URL": reference.url,
        "note": reference.note,
    }
    return {name: value for name, value in values.items() if value}


def _name(family: str, given: str) -> dict[str, str]:
    return {"family": family, "given": given} if given else {"literal": family}
