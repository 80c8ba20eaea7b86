"""``flask papers``: import papers as drafts, and check the library for retractions."""

import sys
import time
from datetime import UTC, datetime
from datetime import time as time_of_day
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.db.writing import stop_reading, writing
from webapp.papers import crossref, file_formats, intake, lookup, retraction_watch
from webapp.papers.records import Record, Unreadable
from webapp.publishing import retractions
from webapp.publishing.retractions import Checked, PaperToCheck, Verdict

SECONDS_BETWEEN = 0.2  # five questions a second, a tenth of what Crossref allows
LONGEST_WAIT = 8.0
MOST_FAILURES = 5  # in a row: then Crossref is down or wants to be left alone

papers_group = AppGroup("papers", help="Import papers as drafts; check papers for retractions.")


@papers_group.command("import")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_papers(files: tuple[Path, ...], dry_run: bool) -> None:
    """Make a draft of every new paper in FILES (NBIB, RIS, BibTeX, PubMed XML, JATS XML, CSL-JSON, Crossref JSON)."""
    with click.progressbar(files, label="Reading") as bar:
        records = [record for file in bar for record in _read(file)]
    if dry_run:
        found = intake.sort(records)
    else:
        with writing() as now:
            found = intake.sort(records)
            with click.progressbar(found.new, label="Making drafts") as bar:
                intake.create(bar, None, now)
    for record, place in found.known:
        click.echo(f"Already here: {record.place}: {record.title} ({_where(place)})")
    for record in found.refused:
        click.echo(f"Refused: {record.place}: {record.title or 'no title'}: {record.reason}", err=True)
    for record in found.new if dry_run else ():
        click.echo(f"New: {record.place}: {record.title}")
    words = "would be made" if dry_run else "made"
    click.echo(
        f"{len(found.new)} drafts {words}, {len(found.known)} already here, {len(found.refused)} refused."
    )
    if not found.read_count:
        sys.exit(1)


@papers_group.command("check-retractions")
@click.option(
    "--csv",
    "csv_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the list of Retraction Watch instead of asking Crossref; needs no network.",
)
def check_retractions(csv_file: Path | None) -> None:
    """Check the paper of every published summary, and show readers the notices that are found."""
    papers = retractions.papers_to_check()
    stop_reading()
    try:
        results = _by_list(papers, csv_file) if csv_file else _by_crossref(papers)
    except Unreadable as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
    by_verdict = {verdict: [one for one in results if one.verdict == verdict] for verdict in Verdict}
    for one in by_verdict[Verdict.FLAGGED]:
        click.echo(f"{'NEW' if one.is_new else 'Known'}: {one.title}: {one.words}")
    for one in by_verdict[Verdict.UNKNOWN]:
        click.echo(f"Could not check: {one.title}: {one.words}", err=True)
    flagged, unknown, clear = (len(by_verdict[verdict]) for verdict in Verdict)
    click.echo(
        f"{len(results)} papers: {clear} without a notice, {flagged} with one, {unknown} could not be checked."
    )
    if results and unknown == len(results):
        sys.exit(1)


def _read(file: Path) -> list[Record]:
    try:
        with file.open("rb") as opened:
            return file_formats.read(opened.read(file_formats.MOST_BYTES + 1), file.name)
    except Unreadable as refusal:
        reason = str(refusal)
    except OSError as error:
        reason = f"This file cannot be opened: {error.strerror}."
    return [Record(reason=reason, file=file.name)]


def _where(place: intake.Place) -> str:
    if place.record is not None:
        return place.record.place
    return f"article {place.article_id}" if place.article_id else f"draft {place.draft_id}"


def _by_crossref(papers: list[PaperToCheck]) -> list[Checked]:
    """Ask one after another, slower after each failure; the rest stays unchecked when too many fail in a row."""
    results, failures = [], 0
    with click.progressbar(papers, label="Asking Crossref") as bar:
        for paper in bar:
            if failures == MOST_FAILURES:
                results.append(retractions.unchecked(paper, "Crossref did not answer; we stopped asking."))
                continue
            result, has_failed = _ask(paper)
            results.append(result)
            failures = failures + 1 if has_failed else 0
            if paper.doi:
                time.sleep(min(SECONDS_BETWEEN * 2**failures, LONGEST_WAIT))
    return results


def _ask(paper: PaperToCheck) -> tuple[Checked, bool]:
    """What Crossref says of one paper, and whether Crossref itself failed. No lock is held while it is asked."""
    config = current_app.extensions["config"]
    if not paper.doi:
        return retractions.unchecked(paper, "It has no DOI. Look it up in PubMed."), False
    try:
        message = lookup.fetch(paper.doi, config.crossref_url, config.editors_mail)
    except lookup.LookupFailed as failure:
        return retractions.unchecked(paper, str(failure)), not isinstance(failure, lookup.UnknownDoi)
    if crossref.is_notice_itself(message):
        return retractions.unchecked(
            paper, "Its DOI is that of a notice, not of the paper. Correct the DOI."
        ), False
    said = crossref.notice_from(message)
    with writing() as now:
        return retractions.settle(paper, said, "Crossref", now, now), False


def _by_list(papers: list[PaperToCheck], file: Path) -> list[Checked]:
    """Look every paper up in the list. It knows no more than the day of its newest notice."""
    wanted = {key for paper in papers for key in (paper.doi, paper.pmid) if key}
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        found = retraction_watch.read(lines, wanted)
    results = []
    with writing() as now, click.progressbar(papers, label="Looking them up") as bar:
        as_of = min(datetime.combine(found.newest, time_of_day(), UTC), now) if found.newest else None
        for paper in bar:
            if not (paper.doi or paper.pmid):
                results.append(retractions.unchecked(paper, "It has neither DOI nor PubMed number."))
                continue
            said = found.said_of(paper.doi, paper.pmid)
            results.append(retractions.settle(paper, said, "Retraction Watch", as_of, now))
    return results
