"""References in BibTeX."""

import re
from urllib.parse import quote

from webapp.exports.reference import Reference

_IN_ADDRESS = "%/:?#[]@!$&'()*+,;=~"  # all but what would end the field
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
# BibTeX counts braces even after a backslash, so a single one would swallow the rest of the file.
_SINGLE_BRACES = {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}


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
