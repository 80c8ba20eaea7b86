"""The one reader of authors' names, for files in every format and for the lines of the authoring form.

A person has a family and perhaps a given name, a suffix such as "Jr." and an ORCID iD; a group's name is a family name
alone. Degrees and titles are no part of a name. Particles ("van den") belong to the family name.
"""

import re
from collections.abc import Iterable

import msgspec

from webapp.content.identifiers import find_orcid
from webapp.models.values import Author

_LONGEST_NAME = 100  # characters; a longer text is no person's name
_SUFFIX = re.compile(r"(?:jr|sr|jnr|snr|junior|senior|ii|iii|iv|vi{1,3}|2nd|3rd|4th)\.?", re.IGNORECASE)
_SUFFIX_IN_NAME = re.compile(
    r"(?:[JS](?:n?r\.?|NR\.?|R\.)|II|III|IV|VI{1,3}|2nd|3rd|4th)"
)  # "Junior" may be a family name
_PERIODS = {"jr": "Jr.", "jnr": "Jr.", "junior": "Jr.", "sr": "Sr.", "snr": "Sr.", "senior": "Sr."}
_LONG_DEGREES = (
    r"MD|M\.D\.|DO|D\.O\.|PhD|Ph\.?\s?D\.?|DPhil|MPhil|DSc|ScD|DrPH|EdD|PsyD|PharmD|DPT|DVM|DDS|DMD|JD|MBBS|MBChB|MBBCh|BMBS|MBA|MPH|MHS|MSc|"
    r"MScPT|MSPT|BScPT|BSc|BSN|MSN|MEng|BEng|MPT|OTR(?:/L)?|OTD|CCC-SLP|RPh|RN|CRNP|FRCP[A-Z]?(?:\([A-Z]\))?|FRCS[A-Z]?|FRACP|FACS|FACP|"
    r"FAAN|FAANS|FAAPMR|FASIA|MRCP|MRCS"
)
_DEGREES = re.compile(
    rf"(?:(?:{_LONG_DEGREES}|MS|M\.S\.|MA|M\.A\.|BA|B\.A\.|BS|PT|OT|DC|PA(?:-C)?|NP|Prof\.?|Dr\.?)(?:[\s/]+|$))+"
)
_SUFFIX_OR_DEGREE = re.compile(rf"{_SUFFIX_IN_NAME.pattern}|[JS]R|{_LONG_DEGREES}")
_TITLE = re.compile(r"(?:(?:Dr|Prof|Professor)\.?\s+)+(?=\S)")
_OTHERS = re.compile(  # a name that is, or ends in, "et al." or "and others"
    r"[\s,;]{0,3}\b(?:et\.? al|and others|and colleagues)\b[.,;\s]{0,3}$|^(?:others|et ?al)[.,;\s]{0,3}$",
    re.IGNORECASE,
)
_PARTICLES = r"(?:van|von|der|den|de|del|della|di|da|dos|du|la|le|ten|ter|zu|zur|bin|ibn|al|el|af|av)"
_SHORT = re.compile(
    rf"(?P<family>[^\W\d_][^,;&]*?)\s+(?P<given>(?!(?:II|III|IV|VI)\b)(?:[A-Z]-?){{1,4}}|(?:[A-Z]\.[\s-]?)+)(?:\s+(?P<suffix>{_SUFFIX_IN_NAME.pattern}))?"
)
_INITIALS = re.compile(r"(?:[A-Z]\.?[\s-]?){1,4}")
_SPOKEN = re.compile(
    rf"(?P<given>[A-Z][\w.'’-]*(?:\s+[A-Z][\w.'’-]*){{0,2}})\s+(?P<family>(?:{_PARTICLES}\s+)*[A-Z][\w'’-]+)(?:\s+(?P<suffix>{_SUFFIX_IN_NAME.pattern}))?"
)
_GROUP = re.compile(
    r"\b(?:group|trial|stud(?:y|ies)|network|consortium|committee|team|organi[sz]ation|society|association|institut\w*|cent(?:er|re)s?|"
    r"collaborat\w*|investigators?|working|department|foundation|universit\w*|hospital|council|agency|ministry|college|program\w*|"
    r"project|initiative|task|force|alliance|federation|academy|panel|board|service|health|medicine|registry|society|united|national|"
    r"international|world|the|of|for|on|in|WHO|UK|US|USA|EU|UN)\b",
    re.IGNORECASE,
)
_ORCID = re.compile(r"orcid|\d{4}-?\d{4}", re.IGNORECASE)
_BEFORE_ORCID = re.compile(r"[\s(\[]*(?:https?:|orcid|\d{4})", re.IGNORECASE)
_NOBODY = re.compile(r"\W*(?:anonymous|anon|no authors? (?:listed|given))\W*", re.IGNORECASE)

ONE_ON_EACH_LINE = "Write one author on each line, like “Doe, Jo” or “King, Max, Jr.”. Put a semicolon after the name of a group."
NO_ORCID = "An ORCID iD has 16 digits, like 0000-0002-1825-0097."
NO_OTHERS = "Write out the authors. Leave out “et al.” and “and others”."


class UnclearName(ValueError):
    """A line does not tell where one name ends and the next begins; the message says how to write it."""


def read(line: str) -> list[Author]:
    """Read the authors that a line of text names. Raises UnclearName.

    ``Doe, Jo``, ``Doe J``, ``King, Max, Jr., 0000-0002-1825-0097``, ``The Bed Group``, ``Group of beds, chairs and tables;`` and
    lists as databases and journals print them: ``Smith J, Doe A``, ``Smith, J., Doe, A.``, ``Smith, Jo; Doe, Al``,
    ``Jo Smith and Al Doe``. "et al." is returned as an author of that name, for ``complete`` to find.
    """
    line = " ".join(line.split())
    if line.endswith(";") and line.count(";") == 1:
        return [Author(family=line.rstrip("; "))]
    if _OTHERS.search(line):
        named = _OTHERS.sub("", line)
        return [*(read(named) if named else []), Author(family="et al.")]
    if ";" in line:
        return _persons(line.split(";"))
    segments = re.split(r",?\s+(?:and|&)\s+", line)
    if len(segments) > 1 and "," in line:
        return [*read(", ".join(segments[:-1])), *_persons(segments[-1:])]
    return _persons(segments) if len(segments) > 1 and all(map(_is_person, segments)) else _by_commas(line)


def _by_commas(line: str) -> list[Author]:
    """Read one name in parts, or several short ones."""
    family, *parts = [part for part in (part.strip() for part in line.split(",")) if part] or [""]
    orcid = find_orcid(parts[-1]) if parts and _ORCID.search(parts[-1]) else None
    if orcid == "":
        raise UnclearName(NO_ORCID)
    if orcid:  # "Doe, Jo (ORCID: 0000-…)" has it in the same part
        parts[-1:] = filter(None, [_BEFORE_ORCID.split(parts[-1], maxsplit=1)[0].strip()])
    degrees = [part for part in parts if _DEGREES.fullmatch(part)]
    suffixes = [
        part for part in parts if _SUFFIX.fullmatch(part) and (len(parts) > 1 or part not in ("JR", "SR"))
    ]
    givens = [part for part in parts if part not in (*degrees, *suffixes)]
    whole = {"suffix": next(iter(suffixes), ""), "orcid": orcid or ""}
    # "Ann Roe, PhD", but not "Van Dyke, MA", where the last part is the initials
    is_spoken = any(len(degree) > 2 for degree in degrees) and _SPOKEN.fullmatch(family)  # noqa: PLR2004
    if not givens and (is_short(family) or is_spoken):
        match = _SHORT.fullmatch(family) or _SPOKEN.fullmatch(family)
        return [_matched(match, **whole)]
    givens = givens or degrees[:1]  # "Berg, MD" has the initials M. D.
    every = [family, *givens]
    if not any(whole.values()) and len(every) > 1 and all(map(is_short, every)):
        return [_matched(_SHORT.fullmatch(name)) for name in every]
    if (
        not any(whole.values())
        and len(every) in range(4, 1000, 2)
        and all(map(_INITIALS.fullmatch, every[1::2]))
    ):
        return [Author(family=name, given=given) for name, given in zip(every[::2], every[1::2], strict=True)]
    if not family or len(suffixes) > 1 or len(givens) > 1 or (givens and is_short(family)):
        raise UnclearName(ONE_ON_EACH_LINE)
    return [tidied(Author(family=family, given="".join(givens), **whole))]


def read_any(line: str) -> list[Author]:
    """Read a line of a file: of an unclear one, all after the first comma is the given name, for an editor to correct."""
    try:
        return read(line)
    except UnclearName:
        family, _, given = " ".join(line.split()).partition(",")
        return [Author(family=family, given=given.strip())]


def written(author: Author) -> str:
    """Write an author as a line of the authoring form, which ``read`` reads back."""
    line = ", ".join(filter(None, (author.family, author.given, author.suffix, author.orcid)))
    if line != author.family:
        return line
    try:
        return line if read(line) == [author] else f"{line};"
    except UnclearName:
        return f"{line};"


def tidied(author: Author) -> Author:
    """Move a suffix out of the family and given name, and drop degrees and titles; a group stays as it is."""
    if not author.given:
        return author if not author.suffix else msgspec.structs.replace(author, suffix=_suffix(author.suffix))
    first, *parts = [part.strip() for part in _TITLE.sub("", author.given).split(",")]
    suffix = author.suffix or next((part for part in parts if _SUFFIX.fullmatch(part)), "")
    parts = [part for part in parts if part and not (_SUFFIX.fullmatch(part) or _DEGREES.fullmatch(part))]
    family, given = author.family.replace(",", " ").split(), first.split()
    if len(given) > 1 and _SUFFIX.fullmatch(author.family):  # "Max King Jr." split at its last space
        suffix, family = author.family, [given.pop()]
    has_full_name = any(len(word.strip(".")) > 2 for word in given)  # noqa: PLR2004
    ending = _SUFFIX_OR_DEGREE if has_full_name else _SUFFIX_IN_NAME
    for words in (given, family):
        while len(words) > 1 and ending.fullmatch(words[-1]):
            last = words.pop()
            suffix = suffix or (last if _SUFFIX.fullmatch(last) else "")
    return Author(
        family=" ".join(family),
        given=", ".join([" ".join(given), *parts]),
        suffix=_suffix(suffix),
        orcid=author.orcid,
    )


def complete(authors: Iterable[Author]) -> tuple[list[Author], bool]:
    """Return the authors without empty ones, "Anonymous" and "et al.", and whether there was none of the last."""
    named = [
        tidied(author)
        for author in authors
        if author.family and (author.given or not _NOBODY.fullmatch(author.family))
    ]
    known = [author for author in named if not _OTHERS.search(f"{author.given} {author.family}".strip())]
    return known, len(known) == len(named)


def _suffix(text: str) -> str:
    """Write a suffix in one way: "Jr." for "jr", "III" for "III."."""
    return _PERIODS.get(text.lower().rstrip("."), text.rstrip("."))


def _persons(names: Iterable[str]) -> list[Author]:
    authors = []
    for name in filter(None, (name.strip(" ,") for name in names)):
        is_group = _GROUP.search(name)
        spoken = None if is_group else _SPOKEN.fullmatch(name)
        found = [_matched(spoken)] if spoken else read(name)
        if len(found) > 1 or not (found[0].given or is_group or _OTHERS.search(name)):
            raise UnclearName(ONE_ON_EACH_LINE)
        authors += found
    return authors


def _is_person(name: str) -> bool:
    return bool(
        len(name) < _LONGEST_NAME and _SPOKEN.fullmatch(name) and not _GROUP.search(name)
    ) or is_short(name)


def is_short(name: str) -> bool:
    """Tell whether a name is a family name and initials, like "van der Berg JJ"."""
    return len(name) < _LONGEST_NAME and bool(_SHORT.fullmatch(name)) and not _GROUP.search(name)


def _matched(match: re.Match[str] | None, suffix: str = "", orcid: str = "") -> Author:
    assert match is not None
    family, given, own = match.group("family", "given", "suffix")
    return tidied(Author(family=family, given=given, suffix=own or suffix, orcid=orcid))
