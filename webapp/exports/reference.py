"""What a citation is made of, whether it is the paper's or our summary's, and the two styles of writing it out."""

import re
from dataclasses import dataclass

from webapp.content.result_words import result_words
from webapp.content.sign_off_words import who_checked
from webapp.languages.language import gettext
from webapp.models import Article, Paper
from webapp.models.values import AboutSci, Author, PaperStatus
from webapp.web.site_settings import site_settings

NAMED_AUTHORS = 6  # then "et al.", as the Vancouver style (ICMJE) has it

# Two Roman numbers, or page numbers with what stands around them. ENEURO.0123-21.2021 is one page.
_PAGES = re.compile(
    r"(?<![^\s,;])(?:([ivxlc]+)-([ivxlc]+)|([^\s,;-]*?)(\d+)([A-Za-z]?)-((?:(?!\.\d)[^\s,;-])+))(?![^\s,;])"
)


@dataclass(frozen=True)
class Reference:
    """One work to cite. Texts are empty where a fact is not known; ``published_on`` is ISO of known precision."""

    key: str
    is_webpage: bool
    title: str
    authors: tuple[Author, ...]
    container: str
    published_on: str
    url: str
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    note: str = ""

    @property
    def page_range(self) -> tuple[str, str]:
        """The first and the last page in full: 100-9 is ("100", "109"), S12-8 is ("S12", "S18"), 123-+ is ("123", "")."""
        return self._range("-")

    def pages_in_full(self, dash: str = "-") -> str:
        """The pages with whole numbers and the dash of a format: 100--109; discussion 110--112."""
        return dash.join(filter(None, self._range(dash)))

    def _range(self, dash: str) -> tuple[str, str]:
        """The first page, and what follows its dash: the last page, and any more pages behind it."""
        pages = re.sub(r"\s*[-‐-―−]+\s*", "-", re.sub(r"^pp?(\.|\s)", "", self.pages).strip())
        match = _PAGES.match(pages)
        if match is None:
            return re.sub(r"-?\+$|-$", "", pages), ""
        more = _PAGES.sub(lambda found: dash.join(filter(None, _first_and_last(found))), pages[match.end() :])
        first, last = _first_and_last(match)
        return first, last + more


def paper_reference(article: Article) -> Reference:
    """The paper that an article explains. A retraction stands in the title and in the note."""
    paper = article.paper
    name = paper.authors[0].family if paper.authors else paper.journal
    word = next((word for word in paper.title.split() if len(word) > 3), "")  # noqa: PLR2004
    return Reference(
        key=f"{_letters(name) or 'paper'}{paper.published_on[:4]}{_letters(word)}",  # as in doe2021effect
        is_webpage=False,
        title=paper.cited_title.rstrip("."),
        authors=tuple(paper.authors),
        container=paper.journal,
        published_on=paper.published_on,
        url=paper.link or "",
        volume=paper.volume or "",
        issue=paper.issue or "",
        pages=paper.pages or "",
        doi=paper.doi or "",
        pmid=paper.pmid or "",
        note=_status_note(paper),
    )


def summary_reference(article: Article, site_url: str) -> Reference:
    """Our plain-language summary of the paper, as a page of this site."""
    kind = f"Plain-language summary. {flags(article)}. {who_checked(article)}"
    return Reference(
        key=f"summary-{article.slug}",
        is_webpage=True,
        title=article.title,
        authors=(),
        container=site_settings().name,
        published_on=article.published_at.date().isoformat(),
        url=f"{site_url}/research/{article.slug}",
        note=" ".join(filter(None, [kind, _status_note(article.paper)])),
    )


def vancouver(reference: Reference) -> str:
    """The reference as one line of text in Vancouver style."""
    names = [vancouver_name(author) for author in reference.authors[:NAMED_AUTHORS]]
    if len(reference.authors) > NAMED_AUTHORS:
        names.append("et al")
    place = reference.published_on[:4]
    if reference.volume or reference.issue:
        place += f";{reference.volume}{f'({reference.issue})' if reference.issue else ''}"
    if reference.pages:
        place += f":{reference.pages}"
    where = f"PMID: {reference.pmid}" if reference.pmid else reference.url
    if reference.doi:
        where = f"doi:{reference.doi}"
    parts = [", ".join(names), reference.title, reference.container, place, where]
    # A title that ends in a question mark gets no period.
    return re.sub(r"([.?!])\. ", r"\1 ", ". ".join(part for part in parts if part))


def vancouver_name(author: Author) -> str:
    """Family name, initials and suffix without stops: Doe JA, King M Jr."""
    initials = "".join(re.findall(r"(?<![^\W_])[^\W\d_]", author.given.replace("'", ""))).upper()
    return " ".join(filter(None, (author.family, initials, author.suffix.rstrip("."))))


def author_name(author: Author) -> str:
    """Given and family name as they are spoken: Max A. King Jr."""
    return " ".join(filter(None, (author.given, author.family, author.suffix)))


def inverted_name(author: Author) -> str:
    """Family name first, as bibliographies and RIS have it: King, Max A., Jr."""
    return ", ".join(filter(None, (author.family, author.given, author.suffix)))


def flags(article: Article) -> str:
    """The flag strip as text: wherever a title goes, this goes too. It begins with what the journal says of the paper."""
    status, about_sci = article.paper.status, article.about_sci
    parts = (
        "" if status in (PaperStatus.PUBLISHED, PaperStatus.RETRACTED) else status.label,
        article.subject.label + (f" ({gettext(article.species)})" if article.species else ""),
        ""
        if about_sci == AboutSci.YES
        else gettext("About spinal cord injury: %(label)s") % {"label": about_sci.label.lower()},
        article.study_kind.label,
        gettext("Result: %(result)s") % {"result": result_words(article)},
        gettext("Read: %(what)s") % {"what": article.paper.what_was_read.label},
    )
    return " · ".join(filter(None, parts))


def share_text(article: Article, site_url: str) -> str:
    """What is sent when a reader shares a summary: the title never travels without its flags."""
    return f"{article.title}\n{flags(article)}\n{article.takeaway}\n{who_checked(article)}\n{site_url}/research/{article.slug}"


def _status_note(paper: Paper) -> str:
    """What the journal says of the paper, in words, with its date; empty for an ordinary paper."""
    if paper.status == PaperStatus.PUBLISHED:
        return ""
    when = f" ({paper.status_on.isoformat()})" if paper.status_on else ""
    return f"{paper.status.label}{when}. {paper.status_note or ''}".strip()


def _first_and_last(pages: re.Match[str]) -> tuple[str, str]:
    """Both pages in full: journals leave out what they have in common. In 1061.e1-1065 they have nothing."""
    roman, last_roman, prefix, first, letter, last = pages.groups()
    if roman:
        return roman, last_roman
    ending = letter if last.endswith(letter) else ""
    number = last.removeprefix(prefix).removesuffix(ending)
    if re.fullmatch(r"\d+", number) and (len(number) <= len(first) or not re.search(r"\d", prefix)):
        whole = first[: -len(number)] + number
        last = f"{prefix}{whole}{ending}" if int(whole) >= int(first) else last
    return f"{prefix}{first}{letter}", "" if last == "+" else last


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isascii() and letter.isalnum())
