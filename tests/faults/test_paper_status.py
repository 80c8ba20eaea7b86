"""Retracted papers, notices and preprints in files."""

from tests.faults import fault
from webapp.models.values import PaperStatus
from webapp.papers.file_formats import read
from webapp.papers.records import IS_A_NOTICE


def test_a_retraction_is_seen_in_any_wording_and_a_notice_is_refused() -> None:
    records = read((fault("05-retracted-not-seen") / "retracted-suffix.ris").read_bytes())
    assert [record.content.paper.status for record in records[:5]] == [PaperStatus.RETRACTED] * 5
    assert not any(record.reason for record in records[:5])
    assert [record.reason for record in records[5:]] == [IS_A_NOTICE] * 3


def test_a_preprint_is_seen_in_every_format() -> None:
    files = sorted(fault("06-preprint-not-seen").glob("preprint*"))
    records = [record for file in files for record in read(file.read_bytes())]
    assert len(records) == 4
    assert {record.content.paper.status for record in records} == {PaperStatus.PREPRINT}
