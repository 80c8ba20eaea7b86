"""A paper written out as a reference, and an article as a text to share."""

from webapp.models import Article, Paper
from webapp.models.values import Author, PaperStatus

NAMED_AUTHORS = 6  # then "et al.", as the Vancouver style has it


def citation(paper: Paper) -> str:
    """The paper in Vancouver style (ICMJE recommendations); a retraction stands in front of its title."""
    names = [vancouver_name(author) for author in paper.authors[:NAMED_AUTHORS]]
    if len(paper.authors) > NAMED_AUTHORS:
        names.append("et al")
    stamp = "RETRACTED: " if paper.status == PaperStatus.RETRACTED else ""
    place = ";".join(filter(None, [paper.published_on[:4], _volume(paper)]))
    if paper.pages:
        place += f":{paper.pages}"
    parts = [", ".join(names), stamp + paper.title.rstrip("."), paper.journal, place]
    parts.append(f"doi:{paper.doi}" if paper.doi else f"PMID: {paper.pmid}" if paper.pmid else paper.url or "")
    return ". ".join(part for part in parts if part)


def vancouver_name(author: Author) -> str:
    """Family name and initials without stops: Doe JA."""
    initials = "".join(part[0].upper() for part in author.given.replace("-", " ").replace(".", " ").split())
    return f"{author.family} {initials}".strip()


def author_name(author: Author) -> str:
    """Given and family name as they are spoken."""
    return f"{author.given} {author.family}".strip()


def share_text(article: Article, site_url: str) -> str:
    """What is sent when a reader shares a summary: the title never travels without its flags."""
    species = f" ({article.species})" if article.species else ""
    stamp = "RETRACTED PAPER. " if article.paper.status == PaperStatus.RETRACTED else ""
    return (
        f"{stamp}{article.title}\n{article.subject.label}{species} · About spinal cord injury: {article.about_sci.label.lower()} · "
        f"{article.study_kind.label} · Result: {article.result.label.lower()}\n{article.main_message}\n"
        f"{site_url}/research/{article.slug}"
    )


def _volume(paper: Paper) -> str:
    return f"{paper.volume or ''}{f'({paper.issue})' if paper.issue else ''}"
