"""References in RIS, the format that reference managers read. Source: RIS tag list of Research Information Systems."""

from webapp.exports.reference import Reference, inverted_name

MIMETYPE = "application/x-research-info-systems"


def ris(references: list[Reference]) -> str:
    """Each reference as tagged lines ending in CRLF, one after the other."""
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
