"""The one judge of a paper's status by what is printed: retracted, a preprint, or a notice about another paper."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from webapp.content.article_content import PaperContent
from webapp.models.values import PaperStatus

_WORDS = tomllib.loads(Path(__file__).with_name("status_words.toml").read_text(encoding="utf-8"))
_NOTICE_TYPES, _RETRACTED_TYPES = set(_WORDS["notice_types"]), set(_WORDS["retracted_types"])
_PREPRINT_TYPES = {"preprint", "posted content", "unpb"}  # UNPB: Zotero's type for a preprint in RIS

# Words that are not enough by themselves: a tongue can be retracted, a drug withdrawn. A mark must set them apart from the
# title, or capitals that the rest of the title does not have.
_RETRACTED = (
    r"(?:(?:temporarily|partially)\s+)?(?:retracted|withdrawn|removed)(?:\s+and\s+re(?:placed|published))?"
)
_WORK = r"(?:article|paper|chapter|manuscript|preprint|publication|protocol)"
_RETRACTED_TITLE = re.compile(
    rf"""
    ^\W*(?:(?:this|the)\s+)?(?:{_WORK}\s+)?(?:(?:has\s+been|was|is)\s+)?{_RETRACTED}(?:\s+{_WORK})?\s*
        (?:[:;.!\])}}|–—]|-\s|\s-|\*|$)
    | ^\W*temporary\s+removal\s*:
    | [\[{{【]\s*{_RETRACTED}\b(?:\s+{_WORK})?\s*(?:[\]}}】.:;]|\s(?:see|by|in|on|due)\b)
    | [\[({{]\s*(?:(?:this|the)\s+)?{_WORK}\s+(?:has\s+been|was|is)\s+{_RETRACTED}\b
    | \(\s*{_RETRACTED}\s+{_WORK}\b
    | \(\s*(?:retracted|withdrawn(?=\)\W*$))\s*(?:[).:;]|\s(?:see|by|in|on|due)\b)
    | [\[(]\s*retraction\s+(?:in|published|issued)\b|:\s*retracted\W*$
    | (?:\s[-–—|]+\s*|[—|*.]\s*)(?:(?:this|the)\s+)?(?:{_WORK}\s+)?{_RETRACTED}(?:\s+{_WORK})?\W*$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_RETRACTED_IN_CAPITALS = re.compile(
    r"^\W*(?:TEMPORARILY )?(?:RETRACTED|WITHDRAWN|REMOVED)\b|\b(?:RETRACTED|WITHDRAWN)\W*$"
)

_NOTICE = (
    r"(?:(?:author|publisher|editorial|editor['’]?s|partial)[’'s]*\s+)?"
    r"(?:retraction|corrections?|corrigend(?:um|a)|errat(?:um|a)|addend(?:um|a)|expression\s+of\s+concern)"
)
_OPENING = r"[\"“”«‘'‹\[]"
_NOTICE_TITLE = re.compile(
    rf"""
    ^\W*{_NOTICE}(?:\s+(?:to|for|of))?\s*:
    | ^\W*{_NOTICE}\s+(?:to|for|of|on)\s*{_OPENING}
    | ^\W*{_NOTICE}\W*$
    | ^\W*(?:(?:author|publisher)\s+correction|editorial\s+expression\s+of\s+concern)\b
    | ^\W*(?:corrigend(?:um|a)|errat(?:um|a))(?:\s+(?:to|for|on|zu)\b|\s*[.–—-]\s)
    | ^\W*(?:retraction|correction|expression\s+of\s+concern|addendum)\s*(?:\.|[–—]|\s-)\s*(?=["“‘A-Z])
    | ^\W*expression\s+of\s+concern\s+(?:about|regarding|on|over|for|to)\b
    | ^\W*(?:notice|statement|note)\s+of\s+(?:retraction|withdrawal|removal|correction|(?:editorial\s+|expression\s+of\s+)?concern|(?:redundant|duplicate)\s+publication)\b
    | ^\W*(?:retraction|withdrawal|removal|correction)\s+(?:note|notice|statement)\b
    | ^\W*(?:retraction|withdrawal|correction)\s+of\s+(?:the\s+)?(?:{_WORK}|publication)\b
    | ^\W*(?:retraction|correction)\s+(?:to|for|of)\b.*\bet\s+al\b
    | \((?:(?:retraction|correction|withdrawal|expression\s+of\s+concern|erratum|addendum)\s+(?:of|to)\s+)?vol\.?\s*\d+\s*[,:;][^()]*\)\W*$
    | [\[(]\s*{_NOTICE}\s*[\])]\W*$|^\[\s*{_NOTICE}\s*\]
    | :\s*(?:corrigendum|erratum|addendum|expression\s+of\s+concern|(?-i:Correction|CORRECTION|Retraction|RETRACTION))\W*$
    | ^\W*(?:errors?|omissions?|(?:incorrect|missing)\s+\w+)\s+(?:in|from)\s+(?:the\s+)?
        (?:figures?|tables?|abstract|text|byline|results|methods|title|author\s+\w+|funding|references?|supplement)(?:\s+(?:section|\d))?\W*$
    | ^\W*(?:publisher['’]?s['’]?\s+note\s*:|(?-i:WITHDRAWAL:.*[a-z])|withdrawal:\s*[\"“]|fe\s+de\s+err)
    | \s[-–—|]+\s*(?:(?:author|publisher)\s+correction|corrigendum|erratum|addendum|retraction(?:\s+not(?:e|ice))?|expression\s+of\s+concern)\W*$
    """,
    re.IGNORECASE | re.VERBOSE,
)
# "Retraction of Walking after injury" is a notice, "Retraction of corticospinal axons" is biology.
_NOTICE_OF_A_TITLE = re.compile(
    r"^\W*(?:Retraction|RETRACTION|Correction|CORRECTION) (?:of|to|OF|TO) [A-Z0-9]"
)
_CAN_BE_RETRACTED = re.compile(rf"\b(?:{'|'.join(_WORDS['can_be_retracted'])})\w*", re.IGNORECASE)

_SERVERS = re.compile(
    r"\W*(?:the\s+)?(?:[\w-]*rxiv\b|res(?:earch)?\s?sq(?:uare)?\b|ssrn\b|preprints?(?:\.org|\s+with\s+the\s+lancet|\s+\(basel\))?\W*$|authorea\b|"
    r"osf\s+preprints|(?:peerj|jmir|scielo)\s+preprints|cambridge\s+open\s+engage|preprints?\.)",
    re.IGNORECASE,
)
# Prefixes under which a server registers preprints alone, and those that it shares with journals, told by what follows.
_PREPRINT_DOI = re.compile(
    r"10\.(?:64898|21203|48550|2139|20944|26434|36227|32942|33774|22541|312(?:19|2\d|3\d)|31730|35542|51224|37044)/"
    r"|10\.1101/(?:\d{4}\.\d\d\.\d\d\.)?\d{6,}"
    r"|10\.7287/peerj\.preprints|10\.2196/preprints|10\.1590/scielopreprints",
    re.IGNORECASE,
)
_PREPRINT_PAGE = re.compile(
    r"//(?:www\.)?(?:\w*rxiv\.org|researchsquare\.com|preprints\.org|(?:papers\.)?ssrn\.com)/", re.I
)
_PREPRINT_TITLE = re.compile(r"^\W*preprint\s*:|[\[(]\s*preprint\s*[\])]\W*$", re.I)


def is_notice(title: str, types: Iterable[str] = ()) -> bool:
    """Tell whether a title or publication types are those of a notice about another paper, like a correction."""
    if not _NOTICE_TYPES.isdisjoint(_names(types)) or _NOTICE_TITLE.search(title):
        return True
    return bool(_NOTICE_OF_A_TITLE.match(title)) and not _CAN_BE_RETRACTED.search(title)


def status_of(paper: PaperContent, types: Iterable[str] = ()) -> PaperStatus:
    """Return the status that a paper has by its title, DOI, journal and types, unless a known notice is as grave.

    ``types`` are the kinds that a file gives the work, and its publisher: a preprint may be told by either.
    """
    names = _names(types)
    is_retracted = (
        not _RETRACTED_TYPES.isdisjoint(names)
        or _RETRACTED_TITLE.search(paper.title)
        or (_RETRACTED_IN_CAPITALS.search(paper.title) and not paper.title.isupper())
    )
    if is_retracted:
        return PaperStatus.RETRACTED
    if paper.status != PaperStatus.PUBLISHED:
        return paper.status
    is_preprint = (
        not _PREPRINT_TYPES.isdisjoint(names)
        or any(_SERVERS.match(name) for name in (paper.journal, *names))
        or _PREPRINT_DOI.match(paper.doi)
        or _PREPRINT_PAGE.search(paper.url)
        or _PREPRINT_TITLE.search(paper.title)
    )
    return PaperStatus.PREPRINT if is_preprint else PaperStatus.PUBLISHED


def _names(types: Iterable[str]) -> set[str]:
    return {" ".join(re.split(r"[\s_-]+", name.strip().lower())) for name in types}
