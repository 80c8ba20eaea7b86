"""Four processes edit one text at once, each reading before it writes: nobody is turned away, and no edit is lost."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import select

from tests.accounts.people import EMAIL
from tests.drills.site import IS_FULL, Site, inside, processes
from tests.factories import content
from webapp import create_app
from webapp.config import Config
from webapp.content.article_content import from_json
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import Editor, Revision
from webapp.publishing import revisions

WRITERS = 4
EDITS = 500 if IS_FULL else 25


def edit_again_and_again(environment: Mapping[str, str], draft_id: int, name: str) -> None:
    """In a process of its own: any error ends it with another status than 0."""
    with create_app(Config.from_environ(environment)).app_context():
        for number in range(EDITS):
            with writing() as now:
                draft = revisions.get_draft(draft_id)
                text = msgspec.structs.replace(from_json(draft.content), harms=f"{name}-{number}")
                editor_id = db.session.scalars(select(Editor.id).where(Editor.email == EMAIL)).one()
                revisions.save(draft, text, draft.revision_number, editor_id, now)


@pytest.mark.proves("Promise 1: four processes that write at once never see a locked database")
def test_four_processes_edit_at_once_and_none_is_told_that_the_database_is_locked(site: Site) -> None:
    with inside(site):
        editor_id = db.session.scalars(select(Editor.id).where(Editor.email == EMAIL)).one()
        draft_id = revisions.save(revisions.new_draft(), content(), 0, editor_id, datetime.now(UTC)).id
    names = [f"writer-{number}" for number in range(WRITERS)]
    writers = [
        processes.Process(target=edit_again_and_again, args=(site.environment, draft_id, name))
        for name in names
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    with inside(site):
        rows = db.session.execute(select(Revision.number, Revision.content).order_by(Revision.number)).all()
        assert [number for number, _ in rows] == list(range(1, WRITERS * EDITS + 2))
        texts = Counter(text["harms"] for _, text in rows[1:])
        assert texts == Counter(f"{name}-{number}" for name in names for number in range(EDITS))
