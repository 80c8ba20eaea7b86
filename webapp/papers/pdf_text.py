"""Plain text as it is copied from a PDF: running heads, page numbers, references and hyphens at line ends are taken out."""

import re
from collections import Counter, defaultdict
from itertools import pairwise

from webapp.models import PaperPart, PaperSection
from webapp.papers.records import one_line
from webapp.parsing import clean_text, int_from

_REFERENCES = "references"
_LONGEST_HEADING = 80  # characters
_START = r"(?:\d{1,2}(?:\.\d{1,2})*\.?\s+)?(?=(?-i:[A-Z]))"  # a number, or nothing, before a capital
# A line that is nothing but this begins a section; some are statements, which answer a field.
_HEADINGS = {
    re.compile(f"{_START}(?:{words}):?", re.I): begins
    for words, begins in {
        r"(?:structured )?abstract|summary": "abstract",
        r"references|bibliography|literature cited": _REFERENCES,
        r"(?:sources? of )?funding(?: sources?| statement| information)?|financial support": "funding",
        r"(?:statement of )?(?:conflicts?|competing|declaration of)(?: of)?(?: competing)?(?: financial)? interests?(?: statement)?|disclosures?": "conflicts_of_interest",
        r"background|introduction|objectives?|(?:study )?design|setting|(?:(?:patients|participants|subjects|materials?) and )?methods?|"
        r"participants|interventions?|outcome measures?|statistical analysis|results|discussion|limitations|conclusions?|"
        r"adverse events|acknowledge?ments?|appendix(?: \w)?|trial registration": "",
    }.items()
}
_PAGE = re.compile(r"page \d{1,5}(?: (?:of|/) \d{1,5})?", re.I)
_LINES_OF_A_PAGE = 20  # at least; consecutive numbers that stand closer are cells of a table
_SHORTEST_HEAD, _LEAST_PAGES = 10, 3  # letters and repetitions; shorter lines that repeat are cells, too
_HYPHEN = re.compile(r"([^\W\d_]+)-$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")


def sections(text: str) -> tuple[PaperSection, ...]:
    """Read the sections of a pasted text, in order; what precedes the first heading is one, too."""
    lines = _without_heads([one_line(line) for line in clean_text(text).split("\n")])
    hyphenated = {word.casefold() for line in lines for word in re.findall(r"[^\W\d_]+-[^\W\d_]+", line)}
    found: list[tuple[str, str, list[list[str]]]] = [("", "", [[]])]  # heading, what it begins, paragraphs
    for line in lines:
        paragraphs = found[-1][2]
        matching = (begins for pattern, begins in _HEADINGS.items() if pattern.fullmatch(line))
        begins = next(matching, None) if len(line) <= _LONGEST_HEADING else None
        if begins is not None:
            found.append((line, begins, [[]]))
        elif line:
            paragraphs[-1].append(line)
        elif paragraphs[-1] and re.search(r"[.!?:)]$", paragraphs[-1][-1]):  # else it goes on overleaf
            paragraphs.append([])
    read = []
    for heading, begins, paragraphs in found:
        source = {"": PaperPart.FULL_TEXT, "abstract": PaperPart.ABSTRACT}.get(begins, PaperPart.STATEMENT)
        body = "\n\n".join(_joined(paragraph, hyphenated) for paragraph in paragraphs if paragraph)
        if body and begins != _REFERENCES:
            read.append(PaperSection(source, body, begins if source is PaperPart.STATEMENT else heading))
    return tuple(read)


def _joined(lines: list[str], hyphenated: set[str]) -> str:
    """Join the lines of a paragraph. A hyphen at the end of one stays if the text has that word with it elsewhere."""
    parts = [lines[0]]
    for before, line in pairwise(lines):
        end, start = _HYPHEN.search(before), _FIRST_WORD.match(line)
        if end and start and line[0].islower():
            if f"{end[1]}-{start[0]}".casefold() not in hyphenated:
                parts[-1] = parts[-1][:-1]
            parts.append(line)
        else:
            parts += [" ", line]
    return "".join(parts)


def _without_heads(lines: list[str]) -> list[str]:
    """Remove lines that repeat on every page, but for numbers, and the numbers of pages, which count up."""
    repeated = Counter(re.sub(r"\d+", "0", line) for line in lines)
    places = defaultdict(list)
    for at, line in enumerate(lines):
        places[int_from(line)].append(at)

    def is_head(at: int, line: str) -> bool:
        number = int_from(line)
        if number is not None:
            # The first and the last suffice; all of a long column would be compared with all.
            others = [
                place
                for near in (number - 1, number + 1)
                for place in (*places[near][:1], *places[near][-1:])
            ]
            return any(abs(at - other) >= _LINES_OF_A_PAGE for other in others)
        if _PAGE.fullmatch(line):
            return True
        is_long = len(re.findall(r"[^\W\d_]", line)) >= _SHORTEST_HEAD and " " in line
        return is_long and repeated[re.sub(r"\d+", "0", line)] >= _LEAST_PAGES

    return [line for at, line in enumerate(lines) if not is_head(at, line)]
