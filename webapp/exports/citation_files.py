"""The formats in which citations can be taken away: RIS, BibTeX and CSL-JSON."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from webapp.exports.reference import Reference, inverted_name, paper_reference, summary_reference
from webapp.models import Article

_IN_ADDRESS = "%/:?#[]@!$&'()*+,;=~"  # all but what would end the field
# What TeX would act on.
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}
# BibTeX counts braces even after a backslash, so a single one would swallow the rest of the file.
_SINGLE_BRACES = {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}


def ris(references: list[Reference]) -> str:
    """Each reference as tagged lines ending in CRLF, one after the other. Source: RIS tag list of Research Information Systems."""
    lines: list[str] = []
    for reference in references:
        first, last = reference.page_range
        # A comma in a group's name would make readers take the rest for a given name.
        names = (
            inverted_name(row) if row.given else row.family.replace(",", "") for row in reference.authors
        )
        tagged = (
            ("TY", "ELEC" if reference.is_webpage else "JOUR"),
            *(("AU", name) for name in names),
            ("TI", reference.title),
            ("T2", reference.container),
            ("PY", reference.published_on[:4]),
            ("DA", reference.published_on.replace("-", "/")),
            ("VL", reference.volume),
            ("IS", reference.issue),
            ("SP", first),
            ("EP", last),
            ("DO", reference.doi),
            ("AN", reference.pmid),
            ("UR", reference.url),
            ("N1", reference.note),
        )
        lines += [f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in tagged if value]
        lines.append("ER  - \r\n")
    return "".join(lines)


def bibtex(references: list[Reference]) -> str:
    """Each reference as one entry, UTF-8, with TeX's special characters escaped."""
    entries = []
    for reference in references:
        parts = reference.published_on.split("-")
        authors = " and ".join(
            ", ".join(filter(None, (f"{{{escape(a.family)}}}", _name_part(a.suffix), _name_part(a.given))))
            for a in reference.authors
        )
        values = {
            "title": f"{{{escape(reference.title)}}}",  # the inner braces keep its capitals
            "author": authors,
            "howpublished" if reference.is_webpage else "journal": escape(reference.container),
            "year": parts[0],
            "month": parts[1] if len(parts) > 1 else "",
            "volume": escape(reference.volume),
            "number": escape(reference.issue),
            "pages": escape(reference.pages_in_full("--")),
            "doi": escape(reference.doi),
            "pmid": reference.pmid,
            "url": quote(reference.url, safe=_IN_ADDRESS).replace("%", r"\%").replace("#", r"\#"),
            "note": escape(reference.note),
        }
        lines = [f"  {name} = {{{value}}}," for name, value in values.items() if value]
        kind = "misc" if reference.is_webpage else "article"
        entries.append("\n".join([f"@{kind}{{{reference.key},", *lines, "}", ""]))
    return "\n".join(entries)


def _name_part(text: str) -> str:
    """Part of a name; a comma or "and" in it would begin another part or another author."""
    return f"{{{escape(text)}}}" if re.search(r",|\band\b", text) else escape(text)


def escape(text: str) -> str:
    """Text on one line, with what TeX would act on written so that it prints."""
    braces = re.sub(r"[^{}]", "", text)
    while "{}" in braces:
        braces = braces.replace("{}", "")
    special = _SPECIAL | _SINGLE_BRACES if braces else _SPECIAL
    return "".join(special.get(letter, letter) for letter in " ".join(text.split()))


def csl(references: list[Reference]) -> str:
    """A list with each reference as one CSL object; facts that are not known are left out. Source: csl-data.json schema 1.0."""
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
    known = [{name: value for name, value in values.items() if value} for values in objects]
    return json.dumps(known, ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True)
class Format:
    """One format: file ending, label, content type, and the function that writes it."""

    ending: str
    label: str
    mimetype: str
    write: Callable[[list[Reference]], str]


FORMATS = {
    form.ending: form
    for form in (
        Format("ris", "RIS", "application/x-research-info-systems", ris),
        Format("bib", "BibTeX", "application/x-bibtex", bibtex),
        Format("json", "CSL-JSON", "application/vnd.citationstyles.csl+json", csl),
    )
}


def citation_file(article: Article, form: Format, of_summary: bool, site_url: str) -> str:
    """The paper an article explains, or the article itself, in one format."""
    reference = summary_reference(article, site_url) if of_summary else paper_reference(article)
    return form.write([reference])
