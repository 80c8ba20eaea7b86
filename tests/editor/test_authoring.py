"""Writing a summary: the form, drafts, preview, publishing, withdrawing. All of it without JavaScript."""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from tests.accounts.people import add_editor, sign_in, token
from tests.editor.forms import Sent, changed, complete, fields_of, form_of, opened, press
from tests.factories import NOW, add_article
from tests.pages import H, PageClient, parsed
from webapp.content.article_content import from_json
from webapp.db.session import db
from webapp.models import Article, Draft, PublicChange, Revision, Role
from webapp.models.values import Finding

NEW = "/editor/summaries/new"


@pytest.fixture(autouse=True)
def signed_in(client: PageClient) -> None:
    add_editor()
    sign_in(client)


def the_draft() -> Draft:
    db.session.rollback()
    draft: Draft = db.session.scalars(select(Draft)).one()
    return draft


def published_draft(client: PageClient) -> Draft:
    press(client, NEW, opened(client, NEW, **complete()), "publish")
    return the_draft()


def test_a_summary_is_written_previewed_and_published(client: PageClient) -> None:
    answer = press(client, NEW, opened(client, NEW, **complete()), "preview")
    preview = client.get(answer.location).text
    assert (
        "A made-up pill did not ease pain in trial 1" in preview and "Only editors can see this." in preview
    )
    client.get("/research/a-made-up-pill-did-not-ease-pain-in-trial-1", status=404)

    draft = the_draft()
    edit = f"/editor/summaries/{draft.id}"
    answer = press(client, edit, opened(client, edit), "publish")
    assert "Readers see it now." in client.get(answer.location).text
    page = client.get("/research/a-made-up-pill-did-not-ease-pain-in-trial-1").text
    assert "Dry mouth was more common with the pill." in page
    assert "A made-up pill did not ease pain in trial 1" in client.get("/categories/pain-management").text
    change = db.session.scalars(select(PublicChange)).one()
    assert change.article_id == draft.article_id


def test_a_draft_may_be_incomplete(client: PageClient) -> None:
    answer = press(client, NEW, opened(client, NEW, paper__title="Only a title so far"), "save")
    assert answer.location == f"/editor/summaries/{the_draft().id}?done=saved"
    page = client.get(answer.location).text
    assert "Draft saved." in page and "Only a title so far" in page
    client.get(f"/editor/summaries/{the_draft().id}/preview")


def test_a_paper_whose_title_says_retracted_is_saved_as_that(client: PageClient) -> None:
    typed = opened(client, NEW, paper__title="Walking again (Retracted article. See vol 9)")
    page = client.get(press(client, NEW, typed, "save").location).text
    assert fields_of(page)["paper-status"] == "retracted"


def test_identifiers_are_read_out_of_what_is_pasted(client: PageClient) -> None:
    pasted = {
        "paper__doi": "<https://doi.org/10.1000/a2>",
        "paper__pmid": "https://pubmed.ncbi.nlm.nih.gov/29984670/",
        "paper__pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/PMC7654321/",
        "paper__published_on": "{2021-03}",
        "registrations-0-number": "ClinicalTrials.gov: nct01234567",
    }
    with_row = press(client, NEW, opened(client, NEW), "move", "registrations-add", status=200).text
    limits = {box.get("name"): box.get("maxlength") for box in parsed(with_row).iter(f"{H}input")}
    assert not any(limits[name.replace("__", "-")] for name in pasted)  # or a browser would cut them off
    press(client, NEW, opened(client, NEW, **pasted), "save")
    saved = from_json(the_draft().content)
    paper = saved.paper
    assert (paper.doi, paper.pmid, paper.pmcid) == ("10.1000/a2", "29984670", "PMC7654321")
    assert (paper.published_on, saved.registrations[0].number) == ("2021-03", "NCT01234567")


def test_an_empty_draft_and_one_with_a_broken_year_can_be_previewed(client: PageClient) -> None:
    press(client, NEW, opened(client, NEW), "save")
    client.get(f"/editor/summaries/{the_draft().id}/preview")
    edit = f"/editor/summaries/{the_draft().id}"
    press(client, edit, opened(client, edit, paper__published_on="22"), "save")
    client.get(f"{edit}/preview")


def test_every_save_is_a_revision_but_the_same_text_twice_is_one(client: PageClient) -> None:
    press(client, NEW, opened(client, NEW, **complete()), "save")
    edit = f"/editor/summaries/{the_draft().id}"
    press(client, edit, opened(client, edit), "save")
    press(client, edit, opened(client, edit, harms="None were seen."), "save")
    rows = db.session.execute(select(Revision.number, Revision.kind).order_by(Revision.number)).all()
    assert [tuple(row) for row in rows] == [(1, "saved"), (2, "saved")]
    first = db.session.scalar(select(Revision.content).where(Revision.number == 1))
    assert first is not None and first["harms"] == "Some people had a dry mouth."


def test_the_form_shows_what_was_saved(client: PageClient) -> None:
    sent = opened(client, NEW, **complete())
    answer = press(client, NEW, sent, "save")
    shown = fields_of(client.get(answer.location).text)
    for name in set(sent) - {"csrf_token", "revision", "form_key", "tab"}:
        assert sorted(shown.getlist(name)) == sorted(sent.getlist(name)), name


def test_all_reasons_are_shown_at_once_and_nothing_typed_is_lost(client: PageClient) -> None:
    sent = opened(
        client, NEW, plain_title="Half a summary", paper__published_on="22", harms="  spaces stay  "
    )
    page = press(client, NEW, sent, "publish", status=422).text
    for reason in (
        "Enter the title of the paper.",
        "Enter the year as four digits, like 2022, or a date like 2022-03-14.",
        "Write the simple explanation.",
        "Enter two to five key findings.",
        "Enter at least one limitation of the study.",
        "Choose who or what the paper studied.",
    ):
        assert reason in page
    assert '<a href="#paper-published_on">' in page and "<title>Error: " in page
    shown = fields_of(page)
    assert (
        shown["plain_title"] == "Half a summary"
        and shown["paper-published_on"] == "22"
        and shown["harms"] == "  spaces stay  "
    )
    assert the_draft().title == "Half a summary"
    assert db.session.scalar(select(Article)) is None


def test_a_refused_summary_can_be_mended_on_the_same_page(client: PageClient) -> None:
    page = press(client, NEW, opened(client, NEW, **complete() | {"harms": ""}), "publish", status=422).text
    edit = f"/editor/summaries/{the_draft().id}"
    assert f'action="{edit}"' in page
    press(client, edit, changed(fields_of(page), harms="None were seen."), "publish")
    client.get("/research/a-made-up-pill-did-not-ease-pain-in-trial-1")


WARNS = "Pain was about the same in both groups, with 20% less."
GIVE_COUNT = "Give the count next to the percentage, like 3 of 12."


def refused(client: PageClient, path: str, sent: Sent) -> tuple[str, str]:
    """Publish a text that is not accepted; returns the address of its draft, and the page."""
    page = press(client, path, sent, "publish", status=422).text
    form = next(form for form in parsed(page).iter(f"{H}form") if form.get("id") == "summary-form")
    return str(form.get("action")), page


def accepted(client: PageClient, **texts: str) -> str:
    """Publish a summary whose warnings all have a reason; returns the address of its draft."""
    edit, page = refused(client, NEW, opened(client, NEW, **complete() | texts))
    reasons = {name: "As in the paper." for name in fields_of(page) if name.startswith("accept-")}
    press(client, edit, changed(fields_of(page), **reasons), "publish")
    return edit


def test_a_warning_is_accepted_with_a_reason_that_is_kept(client: PageClient) -> None:
    edit, page = refused(client, NEW, opened(client, NEW, **complete() | {"findings-0-text": WARNS}))
    assert "Please look at 1 warning" in page and GIVE_COUNT in page
    assert f'<a href="#findings-0-text">“{WARNS}”</a>' in page
    sent = fields_of(page)
    press(client, edit, sent, "publish", status=422)
    press(client, edit, changed(sent, **{"accept-0": "The paper gives no count."}), "publish")
    kept = db.session.scalar(select(Revision.accepted_warnings).where(Revision.kind == "published"))
    assert kept == {f"Findings: {GIVE_COUNT} “{WARNS}”": "The paper gives no count."}
    assert "The paper gives no count." in client.get(f"{edit}/history").text


def test_an_accepted_warning_is_not_asked_again(client: PageClient) -> None:
    edit = accepted(client, **{"findings-0-text": WARNS})
    press(client, edit, opened(client, edit, harms="None were seen."), "publish")
    assert the_draft().published_revision == the_draft().revision_number


def test_a_reason_given_on_a_refused_publish_is_kept(client: PageClient) -> None:
    text = complete() | {"findings-0-text": WARNS, "findings-1-text": "A cure was seen."}
    edit, page = refused(client, NEW, opened(client, NEW, **text))
    _, page = refused(client, edit, changed(fields_of(page), **{"accept-0": "No count is given."}))
    assert fields_of(page)["accept-1"] == "No count is given." and "Please look at 1 warning" in page
    _, page = refused(client, edit, opened(client, edit))
    assert fields_of(page)["accept-1"] == "No count is given."


def test_a_reason_typed_but_not_sent_to_publish_survives_other_buttons(client: PageClient) -> None:
    edit, page = refused(client, NEW, opened(client, NEW, **complete() | {"findings-0-text": WARNS}))
    sent = changed(fields_of(page), **{"accept-0": "No count is given."})
    page = press(client, edit, sent, "move", "limitations-add", status=200).text
    press(client, edit, fields_of(page), "publish")


ABSTRACT = "We treated 40 people. Pain did not differ."
MEN = "In 24 of 40 men the pain came back."


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        ("simple_explanation", MEN, "In 24 of 40 women the pain came back."),
        ("simple_explanation", MEN, "In 25 of 40 men the pain came back."),
        ("simple_explanation", MEN, f"{MEN} It was 24 in all."),
        ("findings-0-text", "Pain fell by 40%.", "Pain rose by 40%."),
        ("findings-0-text", "This is a cure.", "This is a cure for all."),
        ("main_message", "The ABC was used.", "Later, the ABC was used."),
        ("harms", " ".join(["word"] * 26), " ".join(["word"] * 27)),
        ("plain_title", " ".join(["word"] * 16), " ".join(["words"] * 16)),
    ],
)
def test_an_acceptance_ends_with_its_sentence_or_number(
    client: PageClient, field: str, before: str, after: str
) -> None:
    edit = accepted(client, paper__abstract=ABSTRACT, **{field: before})
    _, page = refused(client, edit, opened(client, edit, **{field: after}))
    assert "Please look at 1 warning" in page


def test_an_acceptance_stays_in_its_field(client: PageClient) -> None:
    edit = accepted(client, paper__abstract=ABSTRACT, simple_explanation=MEN)
    refused(client, edit, opened(client, edit, research_summary=MEN))


def test_an_acceptance_moves_with_its_row(client: PageClient) -> None:
    edit = accepted(client, paper__abstract=ABSTRACT, **{"findings-0-text": MEN})
    page = press(client, edit, opened(client, edit), "move", "findings-0-down", status=200).text
    press(client, edit, fields_of(page), "publish")


def test_each_number_is_one_line_with_a_link_to_every_sentence(client: PageClient) -> None:
    texts = {"simple_explanation": f"{MEN} Pain came back in 24.", "harms": MEN, "plain_title": "It was 17"}
    _, page = refused(client, NEW, opened(client, NEW, **complete() | texts | {"paper__abstract": ABSTRACT}))
    assert "Please look at 2 warnings" in page
    lines = [li for li in parsed(page).iter(f"{H}li") if (li.get("id") or "").startswith("warning-")]
    links = [[a.get("href") for a in line.iter(f"{H}a")] for line in lines]
    assert links == [["#plain_title"], ["#simple_explanation", "#simple_explanation", "#harms"]]


def test_one_reason_may_stand_for_all_warnings(client: PageClient) -> None:
    more = {"findings-0-text": WARNS, "findings-1-text": "A cure was seen in 30%."}
    edit, page = refused(client, NEW, opened(client, NEW, **complete() | more))
    assert "Please look at 2 warnings" in page  # the same in two sentences, and the promise
    press(client, edit, changed(fields_of(page), reason_for_all="As in the paper."), "publish")
    kept = db.session.scalar(select(Revision.accepted_warnings).where(Revision.kind == "published"))
    assert kept is not None and set(kept.values()) == {"As in the paper."} and len(kept) == 3


def test_one_reason_for_all_accepts_no_warning_that_was_not_shown(client: PageClient) -> None:
    more = {"findings-0-text": WARNS, "reason_for_all": "As in the paper."}
    edit, page = refused(client, NEW, opened(client, NEW, **complete() | more))
    sent = changed(fields_of(page), reason_for_all="As in the paper.", harms="A cure was seen.")
    _, page = refused(client, edit, sent)
    assert "Please look at 1 warning" in page and "“A cure was seen.”" in page


def test_a_saved_change_is_not_seen_by_readers_before_it_is_published(client: PageClient) -> None:
    draft = published_draft(client)
    edit, page = f"/editor/summaries/{draft.id}", "/research/a-made-up-pill-did-not-ease-pain-in-trial-1"
    press(client, edit, opened(client, edit, harms="Nobody was harmed."), "save")
    assert "Nobody was harmed." not in client.get(page).text
    assert "Nobody was harmed." in client.get(f"{edit}/preview").text
    assert "changes that readers don’t see yet" in client.get("/editor/summaries?tab=drafts").text
    press(client, edit, opened(client, edit), "publish")
    assert "Nobody was harmed." in client.get(page).text


def test_an_imported_summary_is_edited_from_what_readers_see(client: PageClient) -> None:
    article = add_article(slug="imported-one")
    path = form_of(client, article.id)
    sent = opened(client, path, harms="Nobody was harmed.")
    assert sent["findings-1-text"] == "Dry mouth was more common with the pill."
    press(client, path, sent, "save")
    draft = the_draft()
    assert (draft.article_id, draft.revision_number, draft.published_revision) == (article.id, 2, 1)
    press(client, path, opened(client, path), "publish")
    assert "Nobody was harmed." in client.get("/research/imported-one").text


def test_publishing_a_change_keeps_every_other_fact_of_an_imported_summary(client: PageClient) -> None:
    counted = Finding(
        text="Pain was the same in both groups.",
        place="Table 2",
        counts="New pill: 3 of 40; usual pill: 9 of 41",
    )
    article = add_article(findings=[counted, Finding(text="Dry mouth was common.", place="Table 3")])
    path = form_of(client, article.id)
    press(client, path, opened(client, path, funding="Another fund"), "publish")
    db.session.rollback()
    first, *_, last = map(from_json, db.session.scalars(select(Revision.content).order_by(Revision.number)))
    assert last == msgspec.structs.replace(first, funding="Another fund")


def test_looking_at_an_imported_summary_writes_nothing(client: PageClient) -> None:
    opened(client, form_of(client, add_article().id))
    assert the_draft().revision_number == 1
    assert len(db.session.scalars(select(Revision)).all()) == 1


def test_a_paper_that_another_summary_has_is_refused(client: PageClient) -> None:
    add_article(paper={"doi": "10.5555/editor.1"}, plain_title="The first one")
    page = press(client, NEW, opened(client, NEW, **complete()), "publish", status=422).text
    assert "There’s already a summary of this paper: The first one." in page


@pytest.mark.parametrize("same", [{"paper__doi": "10.5555/TWICE"}, {"paper__doi": "", "paper__pmid": "123"}])
@pytest.mark.parametrize("is_published", [True, False])
def test_another_summary_of_the_paper_is_named_as_soon_as_it_is_saved(
    client: PageClient, same: dict[str, str], is_published: bool
) -> None:
    if is_published:
        add_article(paper={"doi": "10.5555/twice", "pmid": "123"}, plain_title="The first one")
    else:
        first = {"plain_title": "The first one", "paper__doi": "10.5555/twice", "paper__pmid": "123"}
        press(client, NEW, opened(client, NEW, **first), "save")
    told = 'already a summary of this paper: <a href="/editor/summaries/1">The first one</a>'
    assert told in client.post_fragment(f"{NEW}/autosave", opened(client, NEW, **same))
    edit = press(client, NEW, opened(client, NEW, **same), "save").location.split("?")[0]
    assert told in client.get(edit).text
    assert told in client.post_fragment(f"{edit}/save", opened(client, edit))
    other = opened(client, edit, paper__doi="10.5555/other", paper__pmid="")
    assert "already a summary of this paper" not in client.post_fragment(f"{edit}/autosave", other)


def test_two_summaries_with_one_title_get_two_addresses(client: PageClient) -> None:
    published_draft(client)
    again = complete(2) | {"plain_title": complete(1)["plain_title"]}
    press(client, NEW, opened(client, NEW, **again), "publish")
    client.get("/research/a-made-up-pill-did-not-ease-pain-in-trial-1-2")


def test_a_summary_is_withdrawn_with_a_note_and_gone_at_once(client: PageClient) -> None:
    article = add_article(slug="to-withdraw", plain_title="To be withdrawn soon")
    path = f"/editor/articles/{article.id}/withdraw"
    page = client.get(path).text
    assert "Withdraw this summary?" in page
    answer = client.post(path, {"note": "The paper was retracted.", "csrf_token": token(client, path)})
    assert "To be withdrawn soon" in client.get(answer.location).text
    assert "The paper was retracted." in client.get("/research/to-withdraw", status=410).text
    assert "To be withdrawn soon" not in client.get("/research").text
    client.get(path, status=404)


def test_withdrawing_needs_a_note(client: PageClient) -> None:
    article = add_article(slug="stays")
    path = f"/editor/articles/{article.id}/withdraw"
    answer = client.post(path, {"note": " ", "csrf_token": token(client, path)}, status=422)
    assert "Tell readers in a sentence why this is no longer here." in answer.text
    client.get("/research/stays")


def test_a_withdrawn_summary_can_be_published_again(client: PageClient) -> None:
    article = add_article(slug="back-again")
    path = f"/editor/articles/{article.id}/withdraw"
    client.post(path, {"note": "By mistake.", "csrf_token": token(client, path)})
    edit = form_of(client, article.id)
    press(client, edit, opened(client, edit), "publish")
    client.get("/research/back-again")


def test_the_list_has_tabs_with_counts(client: PageClient) -> None:
    add_article(plain_title="A public one")
    press(client, NEW, opened(client, NEW, plain_title="A draft one"), "save")
    everything = client.get("/editor/summaries").text
    assert "A public one" in everything and "A draft one" in everything
    drafts = client.get("/editor/summaries?tab=drafts").text
    assert "A draft one" in drafts and "A public one" not in drafts
    published = client.get("/editor/summaries?tab=published").text
    assert "A public one" in published and "A draft one" not in published
    assert "There are none at the moment." in client.get("/editor/summaries?tab=withdrawn").text
    client.get("/editor/summaries?tab=other", status=404)


def test_the_list_is_paged(client: PageClient) -> None:
    for number in range(26):
        add_article(NOW + timedelta(minutes=number), plain_title=f"Summary number {number}")
    assert "Summary number 25" in client.get("/editor/summaries").text
    assert "Summary number 0<" in client.get("/editor/summaries?page=2").text
    client.get("/editor/summaries?page=3", status=404)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("paper__status_on", "soon", "Enter the date as year, month and day, like 2026-03-14"),
        ("paper__status_on", "9999-12-31", "from the year 1800 to 2199"),
        (
            "registrations-0-url",
            "javascript:alert(1)",
            "Enter the whole address, like https://example.org/paper.",
        ),
        ("paper__url", "example.org", "Enter the whole address, like https://example.org/paper."),
        ("plain_title", "x" * 301, "Keep this to 300 characters."),
        ("simple_explanation", "x" * 20_001, "Keep this to 20,000 characters."),
    ],
)
def test_a_field_that_cannot_be_kept_is_named(
    client: PageClient, field: str, value: str, sentence: str
) -> None:
    page = press(client, NEW, opened(client, NEW, **{field: value}), "save", status=422).text
    assert sentence in page
    assert fields_of(page)[field.replace("__", "-")] == value


def test_an_unknown_summary_is_not_found(client: PageClient) -> None:
    for path in (
        "/editor/summaries/99",
        "/editor/articles/99",
        "/editor/summaries/99/preview",
        "/editor/articles/99/withdraw",
    ):
        client.get(path, status=404)


def test_a_writer_saves_but_does_not_publish_or_withdraw(client: PageClient) -> None:
    add_editor("Wim Writer", "wim@example.org", Role.WRITER)
    sign_in(client, "wim@example.org")
    sent = opened(client, NEW, **complete())
    assert "Publish</button>" not in client.get(NEW, follow_redirects=True).text
    page = press(client, NEW, sent, "publish", status=403).text
    assert (
        "Only an editor can publish." in page and fields_of(page)["harms"] == "Some people had a dry mouth."
    )
    press(client, NEW, sent, "save")
    article = add_article()
    client.get(f"/editor/articles/{article.id}/withdraw", status=403)
