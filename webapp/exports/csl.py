"""References as CSL-JSON, the data that citation processors read. Source: csl-data.json schema 1.0."""

import json
from typing import Any

import msgspec

from webapp.exports.reference import Reference

MIMETYPE = "application/vnd.citationstyles.csl+json"


def csl(references: list[Reference]) -> list[dict[str, Any]]:
    """Each reference as one CSL object; facts that are not known are left out."""
    objects: list[dict[str, Any]] = [
        {
            "id": reference.key,
            "type": "webpage" if reference.is_webpage else "article-journal",
            "title": reference.title,
            "author": [
                {
                    name: value
                    for name, value in msgspec.to_builtins(author).items()
                    if value and name != "orcid"
                }
                if author.given
                else {"literal": author.family}
                for author in reference.authors
            ],
            "container-title": reference.container,
            "issued": {"date-parts": [[int(part) for part in reference.published_on.split("-")]]},
            "volume": reference.volume,
            "issue": reference.issue,
            "page": reference.pages_in_full(),
            "DOI": reference.doi,
            "PMID": reference.pmid,
            "URL": reference.url,
            "note": reference.note,
        }
        for reference in references
    ]
    return [{name: value for name, value in values.items() if value} for values in objects]


def csl_text(references: list[Reference]) -> str:
    return json.dumps(csl(references), ensure_ascii=False, indent=2) + "\n"
