"""Identifiers of papers, authors and trials, and dates, found in whatever people, files and addresses put around them.

Each ``find_…`` function returns the bare identifier, or "" if there is none. Every format, form and look-up reads them here.
Dates are in ISO 8601, with the precision that they were given with.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from urllib.parse import unquote

from webapp.parsing import clean_text, decode_entities, int_from

_DOI = re.compile(r"(?<![\d.])(?!10\.1002/central/)10\.\d{4,9}(?:\.\d+)*/[^\s\"“”„‘’«»`|^?]+")
# Where a DOI ends although the text goes on: before the parameters of an address, or before another address.
_AFTER_DOI = re.compile(
    r"&\w*(?:=|$)|#(?=\w)|(?<!;\d-)#|;jsessionid|[,;]?(?:https?://|doi:)|[,;]10\.\d{4}", re.I
)
# What no DOI ends in: punctuation, what PubMed adds, and what publishers append in the addresses of their pages. A few SICIs
# end in "#".
_NO_END = re.compile(
    r"(?:[^\w)>\]#/+-]+|(?<!;\d-)#|\[(?:doi|pii)\]|/(?:full|fulltext|abstract|summary|meta|html|e?pdf|references)?|"
    r"/(?:figures|tables)(?:/\w+)?|\.(?:full(?:-text)?|abstract|e?pdf(?:\+html)?|html?|supplementary-material)|(?<=\d{6})v\d+)$",
    re.I,
)
_OPENING = {")": "(", "]": "[", ">": "<"}
_TAG = re.compile(r"</[^<>]*>|<(?:jats:|mml:)?[a-z]+\s*/?>", re.I)
_LATEX_SIGNS = {"less": "<", "greater": ">", "underscore": "_", "asciitilde": "~"}
_LATEX = re.compile(
    rf"\\?text({'|'.join(_LATEX_SIGNS)})(?![a-z])(?:\{{\}})?|\\(?:url|href)(?![a-z])|[{{}}\\$]"
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"∕": "/", "⁄": "/"})

_NUMBER = r"0*([1-9]\d{0,8})(?:\.\d+)?"
_PMID = re.compile(
    rf"(?:\bPMID|\bpubmed(?:\.ncbi\.nlm\.nih\.gov)?|\bmedline|/med)(?: (?:ID|number))?"
    rf"(?:/?\?term=)?[\s:=/#(-]*{_NUMBER}(?!\d)|\blist_uids=(?P<uid>\d+)",
    re.I,
)
_OF_ANOTHER_PAPER = re.compile(
    r"\b(?:comment|erratum|retraction|correction|republished|update|summary|cites?)\s+(?:in|on|of|for|from)\b.*",
    re.I | re.S,
)
_PMCID = re.compile(rf"\bPMC(?:ID)?[\s:=/#(-]*(?:PMC[\s:]*)*{_NUMBER}(?!\d)", re.I)
_ORCID = re.compile(r"(?<!\d)(\d{4})[\s._-]?(\d{4})[\s._-]?(\d{4})[\s._-]?(\d{3}[\dX])(?!\d)", re.I)
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s\"“”„«»<>`|^]+", re.I)

# In a list: a name before an identifier, the mark or number of a line, and what separates identifiers.
_NAMED = re.compile(r"\b(DOI|PMC|PMCID|PMID|PubMed|NCT)(?: ID)?-?[\s:=#]+(?=\w)", re.I)
_BULLET = re.compile(r"^\W*(?:\d{1,3}[.)]\s+)?(?=\S)")
_SEPARATOR = re.compile(r"\s+|[,;|]+(?=\s|$|10\.\d{4}|https?:|DOI:|PM|NCT)", re.I)

_TRIALS = {  # how the number of a trial begins in each register, and the rest of it
    "NCT": r"\d{8}",
    "ISRCTN": r"\d{6,8}",
    "ACTRN": r"\d{14}",
    "ChiCTR": r"(?:-[A-Z]+-)?\d{8,10}",
    "CTRI/": r"\d{4}/\d{2,3}/\d{5,6}",
    "DRKS": r"\d{8}",
    "EUCT ": r"\d{4}-5\d{5}-\d{2}-\d{2}",
    "EudraCT ": r"\d{4}-\d{6}-\d{2}",
    "IRCT": r"\d{8,14}(?:N\d{1,3})?",
    "jRCT": r"s?\d{9,10}",
    "KCT": r"\d{7}",
    "NTR": r"\d{3,4}",
    "PACTR": r"\d{15,16}",
    "RBR-": r"(?=[a-z]*\d)\w{6,8}",
    "TCTR": r"\d{11}",
    "UMIN": r"\d{9}",
}
_CALLED = {"EUCT ": "(?:EU ?CT|EU trial|CTIS)"}
_BEFORE_NUMBER = r"(?:\s*(?:number|no|nr|ID)\b)?[\s.:#/-]*"
_TRIAL = re.compile(
    "|".join(
        rf"\b{_CALLED.get(start, start.strip(' /-'))}{_BEFORE_NUMBER}({rest})p?\b"
        for start, rest in _TRIALS.items()
    ),
    re.I,
)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AROUND_DATE = " \t\n[](){}<>.,;\"'“”©c"
_YEAR_FIRST = re.compile(
    r"(\d{4})(?:[-/. ]?(\d{1,2}|[A-Za-z]{3,9})\.?(?:[-/., ]{0,2}(\d{1,2}))?)?(?:[/T ].*)?", re.DOTALL
)
_DAY_FIRST = re.compile(
    r"(?:(?P<day>\d{1,2})\s+)?(?P<month>[A-Za-z]{3,9})\.?(?:\s+(?P<last_day>\d{1,2})(?:st|nd|rd|th)?)?,?\s+(?P<year>\d{4})"
)


def find_doi(text: str) -> str:
    """Find the first DOI, bare and in lower case."""
    for match in _DOI.finditer(_decoded(text)):
        doi, before = match.group(), ""
        while doi != before:
            before, doi = doi, _NO_END.sub("", _AFTER_DOI.split(doi, maxsplit=1)[0])
            if doi.count(doi[-1:]) > doi.count(_OPENING.get(doi[-1:], doi[-1:])):
                doi = doi[:-1]  # a closing bracket that was opened before the DOI
        if _DOI.fullmatch(doi):
            return doi.lower()
    return ""


def doi_of_note(text: str) -> str:
    """Read the DOI of a note that has a line for it: others may name another paper."""
    match = re.search(r"^[\W_]*(?:url[\W_]*)?(?:doi\b|https?://\S*doi\.org/)[^\n]*", text, re.I | re.M)
    return find_doi(match[0]) if match else ""


def find_pmid(text: str) -> str:
    """Read a PubMed number from a field of its own, from its address or from a text that calls it one."""
    match = re.fullmatch(rf"\W*{_NUMBER}\W*(?:pmid\W*)?", _decoded(text), re.I)
    return match.group(1) if match else find_named_pmid(text)


def find_named_pmid(text: str) -> str:
    """Find the first number that a text calls a PubMed number, or that is in an address at PubMed."""
    match = _PMID.search(_OF_ANOTHER_PAPER.sub("", _decoded(text)))
    return match["uid"] or match[1] if match else ""


def find_pmcid(text: str) -> str:
    """Read a PubMed Central number, like PMC1234567, from a field of its own, where "PMC" may be missing."""
    match = re.fullmatch(rf"\W*{_NUMBER}\W*", _decoded(text))
    return f"PMC{match.group(1)}" if match else find_named_pmcid(text)


def find_named_pmcid(text: str) -> str:
    """Find the first PubMed Central number with "PMC" before it, in any text."""
    match = _PMCID.search(_decoded(text))
    return f"PMC{match.group(1)}" if match else ""


def find_orcid(text: str) -> str:
    """Find the first ORCID iD whose last character, a checksum, is right."""
    for match in _ORCID.finditer(_decoded(text)):
        digits, total = "".join(match.groups()).upper(), 0
        for digit in digits[:-1]:  # ISO 7064 MOD 11-2
            total = (total + int(digit)) * 2
        if digits[-1] == "0123456789X"[(12 - total) % 11]:
            return "-".join(match.groups()).upper()
    return ""


def find_trials(text: str) -> list[str]:
    """Find the numbers of registered trials, each once, as their registers write them."""
    starts = list(_TRIALS)
    found = (
        f"{starts[match.lastindex - 1]}{match[match.lastindex]}"
        for match in _TRIAL.finditer(_decoded(text))
        if match.lastindex
    )
    return list(dict.fromkeys(found))


def find_trial(text: str) -> str:
    """Read one number from a field of its own, after the name of its register or from an address there."""
    plain, numbers = _decoded(text), find_trials(text)
    is_all = re.fullmatch(rf"(?:https?://\S*?|[^\d;,]*?)(?:{_TRIAL.pattern})(?:[/?#]\S*)?\W*", plain, re.I)
    return numbers[0] if is_all and len(numbers) == 1 else ""


def find_listed(line: str) -> list[tuple[str, str]]:
    """Find the papers and trials in a line of a list: (name of the field, identifier) pairs, each once.

    A line that says more, like a citation, has only what it calls by its name, and of a paper with several the DOI.
    """
    parts = []
    for word in _SEPARATOR.split(_NAMED.sub(r"\1:", _BULLET.sub("", _decoded(line)))):
        parts += [word] if find_doi(word) else re.split("[,;|]", word)
    found = [_listed(part, find_pmid) for part in parts if part.lower() not in ("", "and", "or", "&")]
    if not all(found):
        named = [pair for part in parts if (pair := _listed(part, find_named_pmid))]
        kinds = [kind for kind in ("doi", "pmid", "pmcid", "trial") if kind in dict(named)]
        found = [pair for pair in named if pair[0] == kinds[0]]
    return list(dict.fromkeys(pair for pair in found if pair))


def find_date(text: str) -> str:
    """Read a year, a month or a day in ISO 8601, from 1800 on, from a field of its own."""
    match = re.fullmatch(r"\W*(\d{4}(?:-\d\d(?:-\d\d)?)?)\W*", _decoded(text))
    found = match.group(1) if match else ""
    try:
        date.fromisoformat((found + "-01-01")[:10])
    except ValueError:
        return ""
    return found if found >= "1800" else ""


def date_in(text: str) -> str:
    """Convert a date, like "2002 Sep 15", "2021/02/01/", "20060110" or "15 Sep 2002"; "" for other text.

    A season or a range of months ("2001 Jul-Aug") is reduced to its year.
    """
    text = clean_text(text).strip(_AROUND_DATE)
    if match := _DAY_FIRST.fullmatch(text):
        return date_of(match["year"], match["month"], match["day"] or match["last_day"] or "")
    match = _YEAR_FIRST.fullmatch(text)
    return date_of(*(part or "" for part in match.groups())) if match else ""


def date_of(year: str, month: str = "", day: str = "") -> str:
    """Join the parts of a date; the month may be a number or a name. An invalid month or day is left out."""
    month, name = month.strip(), month.strip()[:3].lower()
    number = str(_MONTHS.index(name) + 1) if name in _MONTHS else month if int_from(month) else ""
    for parts in ((number, day.strip()), (number,), ()):
        text = "-".join([year.strip(_AROUND_DATE), *(part.zfill(2) for part in parts if part)])
        if all(parts) and find_date(text) == text:
            return text
    return ""


def earliest_date(days: Iterable[str]) -> str:
    """Return the earliest date, with the most precision that any gives for its year."""
    known = [day for day in days if day]
    year = min((day[:4] for day in known), default="")
    return min((day for day in known if day.startswith(year)), key=lambda day: (-len(day), day), default="")


def find_address(text: str) -> str:
    """Find the first address of a web page."""
    before = ""
    while text != before:
        before, text = text, _without_latex(clean_text(decode_entities(text)))
    match = _ADDRESS.search(text)
    address, before = match.group() if match else "", ""
    while address != before:
        before, address = address, re.sub(r"[.,;:!?'*…]+$", "", address)
        if address.count(address[-1:]) > address.count(_OPENING.get(address[-1:], address[-1:])):
            address = address[:-1]
    if not _ADDRESS.fullmatch(address):
        return ""
    return f"https://{address}" if address[:4].lower() == "www." else address


# By the name of the field, in the authoring form, content files and imported records. Where a text holds no identifier, the
# form and content files let it stand, for the checks to refuse.
READERS: dict[str, Callable[[str], str]] = {
    "doi": find_doi,
    "pmid": find_pmid,
    "pmcid": find_pmcid,
    "url": find_address,
    "published_on": find_date,
    "status_url": find_address,
    "orcid": find_orcid,
    "number": find_trial,
    "on": find_date,
}


def _listed(part: str, read_pmid: Callable[[str], str]) -> tuple[str, str] | None:
    trials = [number for number in find_trials(part) if number.startswith("NCT")]
    found = (
        ("doi", find_doi(part)),
        ("trial", next(iter(trials), "")),
        ("pmcid", find_named_pmcid(part)),
        ("pmid", read_pmid(part)),
    )
    return next((pair for pair in found if pair[1]), None)


def _decoded(text: str) -> str:
    """Decode LaTeX, HTML's entities and percent signs, however often they were encoded."""
    before = ""
    while text != before:
        before, text = text, clean_text(unquote(decode_entities(text) if "&" in text else text))
        text = _without_latex(text)
    return _TAG.sub(" ", unicodedata.normalize("NFKC", text).translate(_DASHES))


def _without_latex(text: str) -> str:
    return _LATEX.sub(lambda match: _LATEX_SIGNS.get(match[1], ""), text.replace("}{", "} {"))
