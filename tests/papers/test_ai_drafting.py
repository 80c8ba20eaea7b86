"""First drafts by a language model, from the button to the page that readers see; a local server stands in for the model."""

import dataclasses
import json
import logging
import socket
import sqlite3
from contextlib import closing
from datetime import timedelta
from threading import Event
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from tests.accounts.people import EMAIL, EditorClient, add_editor, sign_in, token
from tests.content.test_poisoned_drafts import POISONS, WRITTEN, drafted
from tests.editor.forms import fields_of, opened, press
from tests.factories import NOW
from tests.pages import PageClient
from tests.papers.conftest import Reply, StandIn
from webapp import jobs
from webapp.content.article_content import ArticleContent, from_json
from webapp.db.session import db
from webapp.models import AiDraft, Article, Draft, Editor, PaperPart, PaperSection
from webapp.models.values import ReadFrom
from webapp.papers import ai_drafting, language_model, services, stored_texts
from webapp.papers.facts import decisions
from webapp.papers.facts.suggestion import Field
from webapp.publishing import ai_drafts, publication, revisions
from webapp.publishing.publication import NotPublishable

KEY = "sk-marker-of-the-key-0123456789"
MODEL = "some-model-1"
OPS_TOKEN = "a-token-for-tests-that-is-long-enough"
EMPTY: dict[str, Any] = {
    "plain_title": "", "main_message": "", "simple_explanation": "", "findings": [], "harms": "", "research_summary": "",
    "implications": [], "limitations": [], "questions": [], "result": None, "written_by": "",
}  # fmt: skip
PARTS = [
    "main_message",
    "simple_explanation",
    "findings",
    "harms",
    "research_summary",
    "implications",
    "limitations",
]


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A browser without JavaScript."""
    return EditorClient(app)


@pytest.fixture
def editor(client: PageClient) -> Editor:
    """Somebody who is signed in."""
    editor = add_editor()
    sign_in(client)
    return editor


@pytest.fixture
def model(app: Flask, crossref: StandIn) -> StandIn:
    """A server with a model that answers with a good draft."""
    app.extensions["config"] = dataclasses.replace(
        app.extensions["config"],
        draft_llm_url=f"{crossref.url}/v1",
        draft_llm_model=MODEL,
        draft_llm_key=KEY,
        ops_token=OPS_TOKEN,
    )
    crossref.body = completion(answer()).body
    return crossref


@pytest.fixture
def draft(app: Flask) -> Draft:
    """A draft that has its paper and facts, and no text yet."""
    return add_draft(msgspec.structs.replace(drafted("trial", {})[0], **EMPTY))


def add_draft(text: ArticleContent, editor_id: int | None = None) -> Draft:
    made = revisions.save(revisions.new_draft(), text, 0, editor_id, NOW)
    db.session.commit()
    return made


def answer(name: str = "trial", **changes: Any) -> dict[str, Any]:
    """What the model writes of one of the papers."""
    text = msgspec.to_builtins(drafted(name, {})[0])
    written = {field: text[field] for field in WRITTEN} | {"questions": ["Could training help me?"]}
    return written | changes


def completion(value: Any, reason: str = "stop") -> Reply:
    """A completion, as servers of this kind answer; text stands as it is."""
    text = value if isinstance(value, str) else json.dumps(value)
    return Reply.of(
        {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": reason}]}
    )


def page_of(draft: Draft) -> str:
    return f"/editor/summaries/{draft.id}/ai-draft"


def ask(client: PageClient, draft: Draft, *, status: int = 303) -> str:
    """Press the button; returns the page, if there is one."""
    return client.post(page_of(draft), {"csrf_token": token(client, "/editor/account")}, status=status).text


def run_job() -> None:
    jobs.draft(Event())
    db.session.rollback()


def content_of(draft: Draft) -> ArticleContent:
    db.session.expire_all()
    return from_json(draft.content)


# ------------------------------------------------------------------ asking


def test_the_model_gets_the_confirmed_facts_and_the_abstract(
    client: PageClient, editor: Editor, model: StandIn, draft: Draft
) -> None:
    decisions.decide(draft, Field.SAMPLE_SIZE, "48 adults", [], editor_id=editor.id, now=NOW)
    sections = [PaperSection(PaperPart.FULL_TEXT, "Private text of the journal.", "Results")]
    stored_texts.store(draft, sections, ReadFrom.FULL_TEXT, source="Pasted", editor_id=None, now=NOW)
    db.session.commit()
    assert "127.0.0.1" in client.get(page_of(draft)).text
    ask(client, draft)
    run_job()
    [(headers, body)] = model.sent
    sent = json.loads(body)
    assert model.paths == ["/v1/chat/completions"]
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert (sent["model"], sent["temperature"]) == (MODEL, 0)
    assert sent["response_format"]["type"] == "json_schema"
    question = json.loads(sent["messages"][1]["content"])
    assert question["facts"] == {"How many took part": "48 adults"}
    assert [one["part"] for one in question["paper"]] == ["title", "abstract"]
    assert "Private text" not in body.decode()
    assert "accura" not in body.decode()


def test_the_full_text_is_sent_only_of_a_paper_that_is_free_to_read(
    client: PageClient, editor: Editor, model: StandIn, draft: Draft
) -> None:
    decisions.decide(draft, Field.IS_FREE_TO_READ, "true", [], editor_id=editor.id, now=NOW)
    sections = [PaperSection(PaperPart.FULL_TEXT, "Open text of the journal.", "Results")]
    stored_texts.store(draft, sections, ReadFrom.FULL_TEXT, source="Pasted", editor_id=None, now=NOW)
    db.session.commit()
    paper = msgspec.structs.replace(content_of(draft).paper, abstract="")
    bare = msgspec.structs.replace(content_of(draft), paper=paper)
    revisions.save(draft, bare, draft.revision_number, editor.id, NOW)
    db.session.commit()
    ask(client, draft)
    run_job()
    assert "Open text of the journal." in model.sent[0][1].decode()
    assert content_of(draft).written_by.startswith(f"AI ({MODEL}), from the paper’s full text.")


def test_a_server_that_knows_no_schema_is_asked_for_json(
    client: PageClient, editor: Editor, model: StandIn, draft: Draft
) -> None:
    replies = [Reply(b"unknown response_format", 400), completion(answer())]
    model.replies = {"/v1": lambda _: replies.pop(0)}
    ask(client, draft)
    run_job()
    first, second = (json.loads(body) for _, body in model.sent)
    assert second["response_format"] == {"type": "json_object"}
    assert '"plain_title"' in second["messages"][0]["content"]
    assert '"plain_title"' not in first["messages"][0]["content"]
    assert content_of(draft).plain_title == answer()["plain_title"]


UNREADABLE = "The answer from 127.0.0.1 isn’t a draft that we can read."
TOO_LONG = "The draft from 127.0.0.1 was too long, so it broke off."
BROKEN = {
    "empty body": (Reply(b""), UNREADABLE),
    "HTML": (Reply(b"<!doctype html><title>Welcome</title>"), UNREADABLE),
    "prose": (completion("Here is your summary: it works."), UNREADABLE),
    "other JSON": (completion({"summary": "It works."}), UNREADABLE),
    "a field too many": (completion(answer(slug="x")), UNREADABLE),
    "an unknown result": (completion(answer(result="cured")), UNREADABLE),
    "too many findings": (completion(answer(findings=answer()["findings"] * 9)), UNREADABLE),
    "no choices": (Reply.of({"choices": []}), UNREADABLE),
    "deep nesting": (completion("[" * 90_000), UNREADABLE),
    "an error inside 200": (Reply.of({"error": {"message": "overloaded"}}), UNREADABLE),
    "nothing written": (completion(""), "127.0.0.1 answered without a draft."),
    "broken off": (completion(answer(), "length"), TOO_LONG),
    "a huge draft": (completion(answer(harms="x" * 200_000)), TOO_LONG),
    "50 MB": (Reply(b" " * 50_000_000), "The answer from 127.0.0.1 is too long to read."),
    "401": (Reply(KEY.encode(), 401), "127.0.0.1 doesn’t let us in (error 401)."),
    "404": (Reply(b"", 404), f"127.0.0.1 doesn’t have the model {MODEL}, or DRAFT_LLM_URL is wrong."),
    "429": (Reply(b"", 429, {"Retry-After": "7"}), "127.0.0.1 asks us to wait. Try again in 7 seconds."),
    "500": (Reply(b"", 500), "127.0.0.1 has a problem at the moment (error 500)."),
    "elsewhere": (Reply(b"", 302, {"Location": "http://localhost:1/"}), "127.0.0.1 sent us to another site, which we don’t trust."),
    "slow": (Reply(b" " * 9_000_000, seconds_per_chunk=0.2), "127.0.0.1 didn’t answer within 1 second."),
}  # fmt: skip


def test_every_broken_answer_is_a_sentence(
    client: PageClient, editor: Editor, model: StandIn, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_model, "SECONDS", 0.6)
    config, before = client.flask.application.extensions["config"], content_of(draft)
    for name, (reply, sentence) in BROKEN.items():
        model.replies = {"/v1": reply}
        services._paces.clear()
        ai_drafting.ask(draft, config, editor.id, NOW)
        db.session.commit()
        run_job()
        asked = db.session.scalars(select(AiDraft).order_by(AiDraft.id.desc())).first()
        assert asked is not None and asked.problem == sentence, name
    assert content_of(draft) == before
    assert "There’s no new draft." in client.get(page_of(draft)).text


def test_an_editor_asks_for_one_draft_at_a_time(
    client: PageClient, editor: Editor, model: StandIn, draft: Draft
) -> None:
    ask(client, draft)
    assert "still working on a draft you asked for" in ask(client, draft, status=422)
    assert "is next in line to write" in client.get(page_of(draft)).text
    run_job()
    assert "There’s nothing" not in client.get(page_of(draft)).text
    assert "nothing for AI to write" in ask(client, draft, status=422)
    assert len(model.sent) == 1


def test_a_draft_without_a_text_of_its_paper_is_not_asked_for(
    client: PageClient, editor: Editor, model: StandIn
) -> None:
    bare = add_draft(ArticleContent())
    assert "Enter the abstract in the form first" in ask(client, bare, status=422)


def test_a_job_that_was_killed_is_said_and_not_repeated(
    client: PageClient, editor: Editor, model: StandIn, draft: Draft
) -> None:
    ask(client, draft)
    asked = db.session.scalars(select(AiDraft)).one()
    asked.started_at = asked.asked_at - ai_drafting.LEASE - timedelta(seconds=1)
    db.session.commit()
    run_job()
    assert "The site was restarted while the model was writing" in client.get(page_of(draft)).text
    assert model.sent == []


def test_what_a_person_wrote_stays(client: PageClient, editor: Editor, model: StandIn, draft: Draft) -> None:
    own = msgspec.structs.replace(content_of(draft), harms="One person died.", written_by="Ana Example.")
    revisions.save(draft, own, 1, editor.id, NOW)
    db.session.commit()
    ask(client, draft)
    run_job()
    text = content_of(draft)
    assert text.harms == "One person died."
    assert text.written_by.startswith(f"Ana Example, with a first draft by AI ({MODEL})")
    assert "harms" not in db.session.scalars(select(AiDraft)).one().written


def test_a_draft_that_was_deleted_stays_deleted(
    client: PageClient, editor: Editor, model: StandIn, draft: Draft
) -> None:
    ask(client, draft)
    draft.deleted_at = NOW
    db.session.commit()
    run_job()
    assert draft.deleted_at == NOW and draft.revision_number == 1


# ------------------------------------------------------------------ off


def test_without_the_setting_nothing_is_offered_and_nothing_leaves(
    client: PageClient, editor: Editor, draft: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: called.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *where, **_: called.append(where))
    db.session.add(AiDraft(draft_id=draft.id, editor_id=editor.id, model=MODEL, asked_at=NOW, written={}))
    db.session.commit()
    for path in (f"/editor/summaries/{draft.id}", f"/editor/summaries/{draft.id}/paper"):
        assert "ai-draft" not in client.get(path).text
    assert '<button class="btn"' not in client.get(page_of(draft)).text
    ask(client, draft, status=404)
    run_job()
    assert called == []
    assert db.session.scalars(select(AiDraft)).one().started_at is None


# ------------------------------------------------------------------ the key


@pytest.mark.usefixtures("editor")
@pytest.mark.proves("Web: the key of the model that writes first drafts is in no page, log, metric or backup")
def test_the_key_is_nowhere_to_be_read(
    app: Flask, client: PageClient, model: StandIn, draft: Draft, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for reply in (Reply(f"bad key {KEY}".encode(), 401), Reply(KEY.encode()), completion(answer())):
        model.replies = {"/v1": reply}
        ask(client, draft)
        run_job()
    assert all(headers["Authorization"].endswith(KEY) for headers, _ in model.sent)
    bearer = {"Authorization": f"Bearer {OPS_TOKEN}"}
    pages = [
        client.get(f"/editor/summaries/{draft.id}{page}").text
        for page in ("", "/paper", "/ai-draft", "/history")
    ]
    pages += [client.flask.get(path, headers=bearer).text for path in ("/metrics", "/readyz")]
    with closing(sqlite3.connect(app.extensions["config"].instance_path / "site.sqlite3")) as database:
        pages.append("\n".join(database.iterdump()))  # what a backup holds
    assert len(pages[-1]) > 10_000
    assert KEY not in caplog.text
    assert not [page[:80] for page in pages if KEY in page]


# ------------------------------------------------------------------ reading and publishing


@pytest.fixture
def written(client: PageClient, editor: Editor, model: StandIn, draft: Draft) -> Draft:
    """A draft in which the model wrote."""
    ask(client, draft)
    run_job()
    return draft


def form_of(draft: Draft) -> str:
    return f"/editor/summaries/{draft.id}"


def confirm(draft: Draft, *parts: str) -> None:
    """Confirm parts of a draft, as the form's buttons do."""
    for part in parts:
        ai_drafts.confirm(draft, content_of(draft), part, draft.editor_id or 0, NOW)
        db.session.commit()


def unread(draft: Draft) -> list[str]:
    return [part.key for part in ai_drafts.parts(draft, content_of(draft)) if part.unread]


def test_the_draft_is_in_the_history_as_that_of_ai(client: PageClient, written: Draft) -> None:
    revision = revisions.get_revision(written, 2)
    assert revision.kind == "AI draft"
    history = client.get(f"{form_of(written)}/history").text
    assert "<td>AI</td>" in history and "AI draft" in history and MODEL in history
    text = content_of(written)
    assert text.written_by == f"AI ({MODEL}), from the paper’s abstract. An editor read every part."
    assert [finding.quote for finding in text.findings] == [row["quote"] for row in answer()["findings"]]
    assert "7 parts by AI to read" in client.get(form_of(written)).text


def test_readers_see_it_once_every_part_is_confirmed_or_changed(client: PageClient, written: Draft) -> None:
    path = form_of(written)
    refused = press(client, path, opened(client, path), "publish", status=422).text
    assert [part for part in PARTS if f'<a href="#{part}">AI wrote “' in refused] == PARTS
    changed = "Two people had a skin tear, 7 of 24 had some other harm, and one person died."
    page = press(client, path, opened(client, path, harms=changed), "confirm-part", PARTS[0], status=200).text
    assert "A person has changed it since." in page and "Ana Example confirmed it on" in page
    press(client, path, fields_of(page), "save")
    assert unread(written) == [part for part in PARTS[1:] if part != "harms"]
    confirm(written, *PARTS[2:])
    last = press(client, path, opened(client, path), "publish", status=422).text
    assert last.count('">AI wrote “') == 1
    confirm(written, PARTS[1])
    press(client, path, opened(client, path), "publish")
    article = db.session.scalars(select(Article)).one()
    page = client.get(f"/research/{article.slug}").text
    assert f"Written by AI ({MODEL}), from the paper’s abstract. An editor read every part." in page
    assert f'"creditText":"Written by AI ({MODEL})' in page


def test_a_confirmed_part_is_locked_again_once_other_words_of_ai_are_back(
    client: PageClient, written: Draft
) -> None:
    own = msgspec.structs.replace(content_of(written), harms="Some people fell.")
    revisions.save(written, own, 2, written.editor_id, NOW)
    confirm(written, *PARTS)
    assert not unread(written)
    older = {"number": "2", "revision": "3", "csrf_token": token(client, "/editor/account")}
    client.post(f"{form_of(written)}/restore", older)
    assert unread(written) == ["harms"]


def test_a_copy_is_locked_like_the_first(client: PageClient, written: Draft) -> None:
    confirm(written, "harms")
    asked = {"csrf_token": token(client, "/editor/account")}
    made = client.post(f"{form_of(written)}/duplicate", asked).location
    copy = revisions.get_draft(int(made.rpartition("/")[2].partition("?")[0]))
    assert unread(copy) == [part for part in PARTS if part != "harms"]
    with pytest.raises(NotPublishable, match="AI wrote “"):
        publication.check_publishable(content_of(copy), copy)


def test_no_reason_overrules_a_warning_about_ai(
    client: PageClient, editor: Editor, model: StandIn, draft: Draft
) -> None:
    model.body = completion(answer(limitations=["People should train 9 hours a week."])).body
    ask(client, draft)
    run_job()
    confirm(draft, *PARTS)
    path = form_of(draft)
    sent = opened(client, path, reason_for_all="An editor knows better.")
    refused = press(client, path, sent, "publish", status=422).text
    assert "tells readers what to do" in refused and 'id="warnings"' not in refused
    text = msgspec.structs.replace(content_of(draft), limitations=["Adults should train 9 hours a week."])
    with pytest.raises(NotPublishable) as refusal:  # those are a person's words
        publication.check_publishable(text, draft, {})
    assert not refusal.value.problems and refusal.value.warnings


def test_no_poisoned_draft_is_published_unseen(app: Flask) -> None:
    """Also not with a reason for each warning; what no check sees waits for the person who reads each part."""
    editor = add_editor("Somebody Else", f"other-{EMAIL}")
    for poison in POISONS:
        text, is_seen = drafted(poison["text"], poison["fields"])[0], poison.get("is_seen", True)
        draft = add_draft(text, editor.id)
        fields = msgspec.to_builtins({name: getattr(text, name) for name in WRITTEN})
        values = {"draft_id": draft.id, "editor_id": editor.id, "model": MODEL, "written": fields}
        db.session.add(AiDraft(asked_at=NOW, ended_at=NOW, **values))
        db.session.commit()
        assert unread(draft) == PARTS
        if not is_seen:
            with pytest.raises(NotPublishable, match="AI wrote “"):
                publication.check_publishable(text, draft, _AllReasons(), NOW.date())
        confirm(draft, *PARTS)
        if is_seen:
            with pytest.raises(NotPublishable) as refusal:
                publication.check_publishable(text, draft, _AllReasons(), NOW.date())
            assert refusal.value.problems, poison["what"]
        else:
            publication.check_publishable(text, draft, _AllReasons(), NOW.date())


class _AllReasons(dict[str, str]):
    """A reason for every warning."""

    def get(self, *_: Any) -> str:
        return "It is fine."
