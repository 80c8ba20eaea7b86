"""``flask papers``: import papers as drafts, look for new ones, and check the library for retractions; ``flask articles adopt``."""

import sys
import time
from datetime import UTC, datetime
from datetime import time as time_of_day
from itertools import islice
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from webapp.config import Config
from webapp.db.writing import stop_reading, writing
from webapp.models.in_words import plural
from webapp.papers import (
    adoption,
    crossref,
    file_formats,
    importing,
    retraction_watch,
    services,
    sources,
    watching,
)
from webapp.papers.adoption import CategoryMap, Fate
from webapp.papers.candidates import ListingOutcome
from webapp.papers.original_pages import OriginalPage
from webapp.papers.rating import Library
from webapp.papers.records import Record, Unreadable
from webapp.publishing import retractions
from webapp.publishing.retractions import CheckResult, NoticeStatus, PaperToCheck

PATIENCE = 60.0  # seconds in which Crossref has to take a request and answer it
SECONDS_AFTER_FAILURE = 0.5  # twice as many after each further one
MOST_FAILURES = 5  # in a row: then Crossref is down or limits us, and more requests would make it worse

# Drafts that are made in one turn, and the seconds for which the turn is then left to others.
DRAFTS_AT_ONCE, PAUSE = 25, 0.1

papers_group = AppGroup(
    "papers", help="Import papers as drafts; look for new ones; check papers for retractions."
)


@papers_group.command("import")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_papers(files: tuple[Path, ...], dry_run: bool) -> None:
    """Make a draft of every new paper in FILES (NBIB, RIS, BibTeX, PubMed XML, JATS XML, CSL-JSON, Crossref JSON)."""
    with click.progressbar(files, label="Reading") as bar:
        records = [record for file in bar for record in _read(file)]
    plan = importing.plan(records)
    stop_reading()
    if not dry_run:
        with click.progressbar(plan.new, label="Making drafts") as bar:
            waiting = iter(bar)
            while some := list(islice(waiting, DRAFTS_AT_ONCE)):
                with writing() as now:
                    importing.create_drafts(some, None, now)
                time.sleep(PAUSE)
    for record, match in plan.duplicates:
        click.echo(f"Already here: {record.location}: {record.title} ({match.location})")
    for record in plan.refused:
        click.echo(f"Refused: {record.location}: {record.title or 'no title'}: {record.reason}", err=True)
    for record in plan.new:
        if dry_run:
            click.echo(f"New: {record.location}: {record.title}")
        for note in record.notes:
            click.echo(f"Check: {record.location}: {record.title}: {note}", err=True)
    verb = "would be made" if dry_run else "made"
    click.echo(
        f"{len(plan.new)} drafts {verb}, {len(plan.duplicates)} already here, {len(plan.refused)} refused."
    )
    if not (plan.new or plan.duplicates):
        sys.exit(1)


@click.command("adopt")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_appcontext
def adopt_pages(folder: Path, dry_run: bool) -> None:
    """Make a draft of every summary among the saved pages (.html) in FOLDER. A second run makes only what is new or changed."""
    with click.progressbar(adoption.files_in(folder), label="Reading") as bar:
        found = list(adoption.read(folder, bar))
    outcomes = [one for one in found if not isinstance(one, OriginalPage)]
    pages = [one for one in found if isinstance(one, OriginalPage)]
    categories = CategoryMap()
    stop_reading()
    with click.progressbar(pages, label="Comparing" if dry_run else "Making drafts") as bar:
        waiting = iter(bar)
        if dry_run:
            known = importing.known_papers()
            outcomes += [adoption.plan(page, categories, known)[0] for page in waiting]
        while some := list(islice(waiting, DRAFTS_AT_ONCE)):
            with writing() as now:
                known = importing.known_papers()
                outcomes += [adoption.adopt(page, categories, known, now) for page in some]
            time.sleep(PAUSE)
    for outcome in sorted(outcomes, key=lambda outcome: outcome.file):
        is_refused = outcome.fate is Fate.REFUSED
        if outcome.fate is not Fate.UNCHANGED:
            click.echo(
                f"{outcome.fate.label}: {outcome.file}{f': {outcome.reason}' if is_refused else ''}",
                err=is_refused,
            )
        for note in outcome.notes:
            click.echo(f"Check: {outcome.file}: {note}", err=True)
    for line in adoption.category_report(categories):
        click.echo(line)
    click.echo(("Nothing was written. It would be: " if dry_run else "") + adoption.summary(outcomes))
    if all(outcome.fate is Fate.REFUSED for outcome in outcomes):
        sys.exit(1)


@papers_group.command("watch")
@click.option("--dry-run", is_flag=True, help="Show what would be found, and store nothing.")
def watch(dry_run: bool) -> None:
    """Ask the services for new papers, by every watch that is on, and store them for editors to decide on."""
    config = current_app.extensions["config"]
    _say_who_cannot_reach_us(config)
    names = {row.id: watching.title_of(row) for row in watching.every_watch() if row.is_on}
    library = Library()
    stop_reading()
    reports = []
    for number, name in names.items():
        with click.progressbar(length=1, label=name) as bar:

            def show(done: int, total: int, bar: Any = bar) -> None:
                bar.length = max(total, 1)
                bar.update(done - bar.pos)

            do = watching.dry_run if dry_run else watching.run
            reports.append(do(number, config, library, show))
    if not dry_run:
        watching.rate_again(library)
    for report in reports:
        click.echo(report)
        if report.problem:
            click.echo(f"{report.name}: {report.problem}", err=True)
    failed = sum(bool(report.problem) for report in reports)
    new = sum(report.outcomes[ListingOutcome.NEW] for report in reports)
    verb = "would be stored" if dry_run else "stored"
    click.echo(
        f"{plural(len(reports), 'watch', 'watches')}: {plural(new, 'new candidate')} {verb}, {failed} failed."
    )
    if failed:
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
        results = _check_in_list(papers, csv_file) if csv_file else _check_at_crossref(papers)
    except Unreadable as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(1)
    by_status = {status: [row for row in results if row.status == status] for status in NoticeStatus}
    for result in by_status[NoticeStatus.FLAGGED]:
        click.echo(f"{'NEW' if result.is_new else 'Known'}: {result.title}: {result.message}")
    for result in by_status[NoticeStatus.UNKNOWN]:
        click.echo(f"Could not check: {result.title}: {result.message}", err=True)
    flagged, unknown, clear = (len(by_status[status]) for status in NoticeStatus)
    click.echo(
        f"{len(results)} papers: {clear} without a notice, {flagged} with one, {unknown} could not be checked."
    )
    if results and unknown == len(results):
        sys.exit(1)


def _say_who_cannot_reach_us(config: Config) -> None:
    if not services.is_contact(config.editors_mail):
        click.echo(f"No service can reach us at {config.editors_mail}. Set EDITORS_MAIL.", err=True)


def _read(file: Path) -> list[Record]:
    try:
        with file.open("rb") as opened:
            return file_formats.read(opened.read(file_formats.MOST_BYTES + 1), file.name)
    except Unreadable as refusal:
        reason = str(refusal)
    except OSError as error:
        reason = f"This file cannot be opened: {error.strerror}."
    return [Record(reason=reason, file=file.name)]


def _check_at_crossref(papers: list[PaperToCheck]) -> list[CheckResult]:
    """Ask about one paper after another, slower after each failure, until too many fail in a row."""
    config = current_app.extensions["config"]
    _say_who_cannot_reach_us(config)
    results: list[CheckResult] = []
    failure_count = 0
    with click.progressbar(papers, label="Asking Crossref") as bar:
        for paper in bar:
            reason, message = "", {}
            if failure_count == MOST_FAILURES:
                reason = "Crossref did not answer; we stopped asking."
            elif not paper.doi:
                reason = "It has no DOI. Look it up in PubMed."
            else:
                if failure_count:
                    time.sleep(SECONDS_AFTER_FAILURE * 2**failure_count)
                try:
                    message = sources.crossref_message(config, paper.doi, time.monotonic() + PATIENCE)
                    failure_count = 0
                except services.ServiceFailed as failure:
                    reason = str(failure)
                    failure_count = 0 if isinstance(failure, services.NotThere) else failure_count + 1
            if crossref.is_notice_itself(message):
                reason = "Its DOI is that of a notice, not of the paper. Correct the DOI."
            if reason:
                results.append(retractions.not_checked(paper, reason))
                continue
            with writing() as now:  # only now: otherwise Crossref's answer time would block other writers
                notice = crossref.notice_from(message)
                results.append(retractions.record_check(paper, notice, "Crossref", now, now))
    return results


def _check_in_list(papers: list[PaperToCheck], file: Path) -> list[CheckResult]:
    """Look every paper up in the list, which is complete up to the day of its newest notice."""
    wanted = {key for paper in papers for key in (paper.doi, paper.pmid) if key}
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        listed = retraction_watch.read(lines, wanted)
    results = []
    with writing() as now, click.progressbar(papers, label="Looking them up") as bar:
        as_of = min(datetime.combine(listed.newest, time_of_day(), UTC), now) if listed.newest else None
        for paper in bar:
            if paper.doi or paper.pmid:
                notice = listed.notice_about(paper.doi, paper.pmid)
                results.append(retractions.record_check(paper, notice, "Retraction Watch", as_of, now))
            else:
                results.append(retractions.not_checked(paper, "It has neither DOI nor PubMed number."))
    return results
