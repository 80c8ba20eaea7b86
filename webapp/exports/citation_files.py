"""The formats in which a citation can be taken away: by file ending, and by content type."""

from collections.abc import Callable
from dataclasses import dataclass

from webapp.exports import bibtex, csl, ris
from webapp.exports.reference import Reference, paper_reference, summary_reference
from webapp.models import Article


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
        Format("ris", "RIS", ris.MIMETYPE, ris.ris),
        Format("bib", "BibTeX", bibtex.MIMETYPE, bibtex.bibtex),
        Format("json", "CSL-JSON", csl.MIMETYPE, csl.csl_text),
    )
}


def citation_file(article: Article, form: Format, of_summary: bool, site_url: str) -> str:
    """The paper an article explains, or the article itself, in one format."""
    reference = summary_reference(article, site_url) if of_summary else paper_reference(article)
    return form.write([reference])
