"""``flask papers``: import of files, and retraction checks with a stand-in for Crossref or a list."""

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from tests.accounts.people import add_editor, sign_in
from tests.factories import NOW, add_article, publish
from tests.pages import PageClient
from tests.papers.conftest import StandIn
from tests.papers.test_readers import NBIB, RIS
from tests.writers import another_writer
from webapp.content.article_content import ArticleContent, from_json
from webapp.db.session import db
from webapp.models import Article, ChangeKind, Draft, PublicChange
from webapp.models.values import PaperStatus
from webapp.papers import commands, retraction_watch
from webapp.papers.records import Unreadable
from webapp.publishing import external_changes, revisions
from webapp.publishing.publication import content_of
from webapp.publishing.revisions import Kind

HEAD = "Record ID,RetractionDate,RetractionDOI,RetractionPubMedID,OriginalPaperDOI,OriginalPaperPubMedID,RetractionNature,Reason"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SECONDS_AFTER_FAILURE", 0.0)


def run(app: Flask, *words: str) -> Result:
    result = app.test_cli_runner().invoke(args=["papers", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    db.session.expire_all()
    return result


def draft_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Draft)) or 0


def row(doi: str = "", nature: str = "Retraction", day: str = "5/6/2021 0:00", **more: str) -> str:
    cells = {
        "reason": "+Concerns about Data;+Error in Analyses;",
        "pmid": "0",
        "notice": "10.5555/notice",
    } | more
    return f'1,{day},{cells["notice"]},0,{doi},{cells["pmid"]},{nature},"{cells["reason"]}"'


def listed(tmp_path: Path, *rows: str) -> str:
    file = tmp_path / "retractions.csv"
    file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8-sig")
    return str(file)


def says(crossref: StandIn, app: Flask, **message: Any) -> None:
    app.extensions["config"] = dataclasses.replace(app.extensions["config"], crossref_url=crossref.url)
    crossref.body = json.dumps({"message": {"title": ["A bed"]} | message}).encode()


RETRACTED = [{"type": "retraction", "DOI": "10.5555/notice", "updated": {"date-parts": [[2021, 5, 6]]}}]

# ------------------------------------------------------------------ import


def test_files_become_drafts(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.nbib").write_text(NBIB, encoding="utf-8")
    (tmp_path / "b.ris").write_text(RIS * 2, encoding="utf-8")
    result = run(app, "import", str(tmp_path / "a.nbib"), str(tmp_path / "b.ris"))
    assert result.exit_code == 0
    assert "2 drafts made, 1 already here, 0 refused." in result.output
    assert "Already here: b.ris, record 2, line 7: A made-up bed (b.ris, record 1, line 1)" in result.output
    assert draft_count() == 2


def test_a_dry_run_makes_nothing(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text(RIS, encoding="utf-8")
    result = run(app, "import", "--dry-run", str(tmp_path / "a.ris"))
    assert result.exit_code == 0 and "New: a.ris, record 1, line 1: A made-up bed" in result.output
    assert draft_count() == 0


def test_importing_again_changes_nothing(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text(RIS, encoding="utf-8")
    run(app, "import", str(tmp_path / "a.ris"))
    assert run(app, "import", str(tmp_path / "a.ris")).exit_code == 0
    assert draft_count() == 1


def test_others_can_write_during_an_import(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "DRAFTS_AT_ONCE", 1)
    counts: list[int] = []

    def write(_seconds: float) -> None:
        with another_writer(app):
            counts.append(draft_count())

    monkeypatch.setattr(time, "sleep", write)
    (tmp_path / "a.ris").write_text(RIS, encoding="utf-8")
    (tmp_path / "b.nbib").write_text(NBIB, encoding="utf-8")
    run(app, "import", str(tmp_path / "a.ris"), str(tmp_path / "b.nbib"))
    assert counts == [1, 2]


def test_refused_records_have_reasons_and_the_others_are_imported(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.ris").write_text(RIS + "TY  - JOUR\nER  -\n", encoding="utf-8")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7")
    result = run(app, "import", str(tmp_path / "a.ris"), str(tmp_path / "b.pdf"), str(tmp_path / "none"))
    assert result.exit_code == 0
    assert "Refused: a.ris, record 2, line 7: no title: It has no title." in result.stderr
    assert "Refused: b.pdf: no title: This is a PDF" in result.stderr
    assert "Refused: none: no title: This file cannot be opened: No such file" in result.stderr


def test_without_any_record_the_command_fails(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Dear editors", encoding="utf-8")
    result = run(app, "import", str(tmp_path / "a.txt"))
    assert result.exit_code == 1 and "We don’t know this format." in result.stderr


# ------------------------------------------------------------------ retractions, from Crossref


def test_a_retraction_shows_at_the_next_request(app: Flask, client: PageClient, crossref: StandIn) -> None:
    article = add_article()
    path = f"/research/{article.slug}"
    assert "RETRACTED" not in client.get(path).text
    says(crossref, app, **{"updated-by": RETRACTED})
    result = run(app, "check-retractions")
    assert result.exit_code == 0
    assert "1 papers: 0 without a notice, 1 with one, 0 could not be checked." in result.output
    assert "NEW: " in result.output
    page = client.get(path).text
    assert "RETRACTED: the journal withdrew this paper." in page and "May 6, 2021" in page
    assert "https://doi.org/10.5555/notice" in page and "Last checked for a retraction of the paper" in page
    assert article.title not in client.get("/research").text
    shown = select(PublicChange.kind).where(PublicChange.revision_id.is_not(None)).order_by(PublicChange.id)
    assert list(db.session.scalars(shown)) == [ChangeKind.PUBLISHED, ChangeKind.NOTICE]
    assert article.revision_number == 2
    assert "NEW" not in run(app, "check-retractions").output


@pytest.mark.parametrize("address", ["editors@example.org", "editors@localhost"])
def test_an_operator_hears_that_crossref_has_no_contact(app: Flask, crossref: StandIn, address: str) -> None:
    says(crossref, app)
    app.extensions["config"] = dataclasses.replace(app.extensions["config"], editors_mail=address)
    add_article()
    result = app.test_cli_runner().invoke(args=["papers", "check-retractions"])
    assert ("Set EDITORS_MAIL" in result.stderr) is (address == "editors@localhost")


def test_a_paper_without_a_notice_gets_the_date_of_the_check(app: Flask, crossref: StandIn) -> None:
    add_article()
    says(crossref, app)
    assert "1 without a notice" in run(app, "check-retractions").output
    paper = db.session.scalars(select(Article)).one().paper
    assert paper.status == PaperStatus.PUBLISHED and paper.status_checked_at is not None


@pytest.mark.parametrize(("status", "body"), [(404, b""), (429, b""), (500, b""), (200, b"<html>")])
def test_a_failed_check_never_counts_as_no_notice(
    app: Flask, crossref: StandIn, status: int, body: bytes
) -> None:
    add_article()
    says(crossref, app)
    crossref.status, crossref.body = status, body
    result = run(app, "check-retractions")
    assert result.exit_code == 1 and "Could not check: " in result.stderr
    assert "0 without a notice, 0 with one, 1 could not be checked." in result.output
    assert db.session.scalars(select(Article)).one().paper.status_checked_at is None


def test_the_check_stops_when_crossref_is_down(app: Flask, crossref: StandIn) -> None:
    for _ in range(8):
        add_article()
    says(crossref, app)
    crossref.status = 500
    result = run(app, "check-retractions")
    assert len(crossref.asked) == commands.MOST_FAILURES
    assert result.stderr.count("we stopped asking") == 3


def test_a_check_never_removes_a_notice(app: Flask, crossref: StandIn) -> None:
    note = {"status": PaperStatus.RETRACTED, "status_note": "The journal took it back."}
    add_article(paper=note)
    says(crossref, app)
    assert (
        "Retracted; readers see it already. Crossref does not list it."
        in run(app, "check-retractions").output
    )
    assert db.session.scalars(select(Article)).one().paper.status == PaperStatus.RETRACTED


@pytest.mark.parametrize("has_changes", [False, True])
def test_publishing_a_draft_later_keeps_the_notice(app: Flask, crossref: StandIn, has_changes: bool) -> None:
    article, editor = add_article(), add_editor()
    draft = revisions.draft_of(article_id=article.id)
    publish(from_json(draft.content), NOW, article)
    if has_changes:
        changed = _with_harms(from_json(draft.content))
        revisions.save(draft, changed, draft.revision_number, editor.id, NOW)
    db.session.commit()
    says(crossref, app, **{"updated-by": RETRACTED})
    run(app, "check-retractions")
    text = from_json(draft.content)
    assert text.paper.status == PaperStatus.RETRACTED
    assert draft.has_unpublished_changes == has_changes
    assert (text.harms == "New words.") == has_changes


def test_a_notice_keeps_the_text_of_a_draft_in_conflict(app: Flask, crossref: StandIn) -> None:
    article, editor = add_article(harms="Dry mouth."), add_editor()
    draft = revisions.draft_of(article_id=article.id)
    revisions.save(draft, _with_harms(content_of(article)), 1, editor.id, NOW)
    imported = msgspec.structs.replace(content_of(article), harms="Imported words.")
    external_changes.publish(article, imported, None, Kind.IMPORTED, NOW)
    db.session.commit()
    says(crossref, app, **{"updated-by": RETRACTED})
    run(app, "check-retractions")
    assert draft.merge_base is not None
    form = external_changes.opened_content(draft)
    assert isinstance(form, ArticleContent)
    assert (form.harms, form.paper.status) == ("New words.", PaperStatus.RETRACTED)


def _with_harms(content: Any) -> Any:
    return msgspec.structs.replace(content, harms="New words.")


def test_editors_see_the_status_of_every_paper(app: Flask, client: PageClient, crossref: StandIn) -> None:
    add_article(paper={"title": "Never looked up", "doi": "", "pmid": "5"})
    add_article(paper={"title": "Taken back"})
    says(crossref, app, **{"updated-by": RETRACTED})
    run(app, "check-retractions")
    add_editor()
    sign_in(client)
    page = " ".join(client.get("/editor/papers").text.split())
    assert "1 with a notice, 1 not checked, 0 without a notice" in page
    assert page.index("Taken back") < page.index("Never looked up")
    assert "Read the notice" in page and "Never</td>" in page


# ------------------------------------------------------------------ retractions, from the list


def test_the_list_works_without_a_network(app: Flask, client: PageClient, tmp_path: Path) -> None:
    article = add_article(paper={"doi": "10.5555/bed"})
    add_article(paper={"doi": "10.5555/other"})
    file = listed(
        tmp_path, row("10.5555/BED"), row("unavailable"), row("10.5555/unknown", day="1/2/2022 0:00")
    )
    result = run(app, "check-retractions", "--csv", file)
    assert "2 papers: 1 without a notice, 1 with one, 0 could not be checked." in result.output
    page = client.get(f"/research/{article.slug}").text
    assert "RETRACTED" in page and "Reasons given there: Concerns about Data; Error in Analyses." in page
    db.session.refresh(article.paper)
    assert str(article.paper.status_checked_at) == "2022-01-02 00:00:00+00:00"  # the list knows no more


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("10.5555/bed", "EXPRESSION OF CONCERN")], PaperStatus.CONCERN),
        ([row("10.5555/bed", "Correction"), row("10.5555/bed", "retraction")], PaperStatus.RETRACTED),
        ([row("10.5555/bed", "Correction;Retraction")], PaperStatus.RETRACTED),
        ([row("10.5555/bed"), row("10.5555/bed", "Reinstatement", "1/1/2022 0:00")], PaperStatus.PUBLISHED),
        ([row("10.5555/bed", "Reinstatement", "1/1/2020 0:00"), row("10.5555/bed")], PaperStatus.RETRACTED),
        ([row("unavailable", pmid="77")], PaperStatus.RETRACTED),
        ([row("Unavailable", pmid="0")], PaperStatus.PUBLISHED),
        ([row("10.5555/bed", notice="Unavailable", day="soon")], PaperStatus.RETRACTED),
    ],
)
def test_each_variant_of_a_row_gives_its_status(rows: list[str], expected: PaperStatus) -> None:
    assert (
        retraction_watch.read([HEAD, *rows], {"10.5555/bed", "77"}).notice_about("10.5555/bed", "77").status
        == expected
    )


def test_a_list_without_the_columns_is_refused(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name,price\n", encoding="utf-8")
    result = run(app, "check-retractions", "--csv", str(tmp_path / "x.csv"))
    assert result.exit_code == 1 and "it has no column OriginalPaperDOI" in result.stderr
    with pytest.raises(Unreadable, match="We can’t read line"):
        retraction_watch.read([HEAD, "1," + "x" * 200_000], set())
