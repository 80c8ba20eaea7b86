"""References in BibTeX."""

import re

from webapp.exports.reference import Reference

MIMETYPE = "application/x-bibtex"
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


def bibtex(references: list[Reference]) -> str:
    """Each reference as one entry, UTF-8, with TeX's special characters escaped."""
    entries = []
    for reference in references:
        parts = reference.published_on.split("-")
        authors = " and ".join(
            ", ".join(filter(None, (f"{{{escape(a.family)}}}", escape(a.suffix), escape(a.given))))
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
            "pages": escape(re.sub(r"\s*[-–]+\s*", "--", reference.pages)),
            "doi": escape(reference.doi),
            "pmid": reference.pmid,
            "url": reference.url.replace("%", r"\%").replace("#", r"\#"),
            "note": escape(reference.note),
        }
        lines = [f"  {name} = {{{value}}}," for name, value in values.items() if value]
        kind = "misc" if reference.is_webpage else "article"
        entries.append("\n".join([f"@{kind}{{{reference.key},", *lines, "}", ""]))
    return "\n".join(entries)


def escape(text: str) -> str:
    """Text on one line, with what TeX would act on written so that it prints."""
    return "".join(_SPECIAL.get(letter, letter) for letter in " ".join(text.split()))
