"""The bar above the editors' pages: what each role finds in it, where the page stands, and what waits."""

from xml.etree.ElementTree import Element

import pytest

from tests.accounts.people import add_editor, sign_in
from tests.editor.test_work import asked
from tests.factories import NOW, add_article
from tests.pages import H, PageClient, parsed
from webapp.db.session import db
from webapp.feedback import inbox
from webapp.models import Editor, Role, Topic

IN_BAR = ["My work", "New papers", "Summaries", "Answers", "Feedback", "Newsletter"]
TEXTS = ["Words", "Translations", "Safety cards", "Papers"]
SITE = ["How it is doing", "Site settings", "Pages", "Categories", "People", "Audit log"]
YOU = ["Your account", "View site"]


def links(client: PageClient, path: str, label: str) -> list[Element]:
    page = parsed(client.get(path).text)
    [found] = [nav for nav in page.iter(f"{H}nav") if nav.get("aria-label") == label]
    return list(found.iter(f"{H}a"))


def names(found: list[Element]) -> list[str]:
    return [(link.text or "").strip() for link in found]


def here(client: PageClient, path: str, label: str = "Editor") -> list[tuple[str, str | None]]:
    return [
        ((link.text or "").strip(), link.get("aria-current"))
        for link in links(client, path, label)
        if link.get("aria-current")
    ]


@pytest.mark.parametrize(
    ("role", "in_bar", "under_more"),
    [
        (Role.REVIEWER, ["Reviews", "Safety cards", "Translations"], YOU),
        (Role.WRITER, IN_BAR, [*TEXTS, SITE[0], *YOU]),
        (Role.EDITOR, IN_BAR, [*TEXTS, SITE[0], *YOU]),
        (Role.ADMIN, IN_BAR, [*TEXTS, *SITE, *YOU]),
    ],
)
def test_each_role_finds_a_few_entries_and_the_rest_under_more(
    client: PageClient, role: Role, in_bar: list[str], under_more: list[str]
) -> None:
    add_editor(role=role)
    sign_in(client)
    path = "/editor/reviews" if role is Role.REVIEWER else "/editor/"
    assert names(links(client, path, "Editor")) == in_bar
    assert names(links(client, path, "Menu")) == in_bar + under_more  # on narrow screens it has all


def test_every_entry_leads_to_a_page(client: PageClient) -> None:
    add_editor(role=Role.ADMIN)
    sign_in(client)
    for link in links(client, "/editor/", "Menu"):
        assert client.get(link.get("href") or "").status_code == 200, link.text


def test_the_entry_of_this_page_is_marked(client: PageClient, editor: Editor) -> None:
    assert here(client, "/editor/summaries") == [("Summaries", "page")]
    assert here(client, "/editor/") == [("My work", "page")]


def test_a_page_below_an_entry_marks_it_as_its_part(client: PageClient, editor: Editor) -> None:
    add_article()
    assert here(client, "/editor/summaries/1/history") == [("Summaries", "true")]


def test_the_form_of_an_answer_stands_under_answers(client: PageClient, editor: Editor) -> None:
    path = client.get("/editor/summaries/new?kind=answer", status=303).location or ""
    assert here(client, path) == [("Answers", "true")]


def test_a_page_under_more_is_marked_there_and_more_says_so(client: PageClient, editor: Editor) -> None:
    assert here(client, "/editor/words", "Menu") == [("Words", "page")]
    assert here(client, "/editor/words") == []
    assert 'More<span class="sr">, with this page</span>' in client.get("/editor/words").text


def test_an_entry_says_how_much_waits_there(client: PageClient, editor: Editor) -> None:
    assert "waiting</span>" not in client.get("/editor/words").text
    inbox.send(Topic.MISTAKE, "A wrong number.", "", NOW)
    db.session.commit()
    assert 'Feedback <b class="n">1<span class="sr"> waiting</span></b>' in client.get("/editor/words").text


def test_a_reviewer_sees_how_many_reviews_were_asked_for(client: PageClient) -> None:
    reviewer = add_editor(role=Role.REVIEWER)
    asked(add_article(), reviewer)
    sign_in(client)
    assert (
        'Reviews <b class="n">1<span class="sr"> waiting</span></b>'
        in client.get("/editor/translations").text
    )
