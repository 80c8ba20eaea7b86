"""The site's own pages in the editor: admins change them, and readers see the new text at once."""

import io
import tomllib
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from tests.accounts.people import add_editor, audited, sign_in, token
from tests.editor.forms import sent_by
from tests.pages import H, PageClient, parsed
from webapp.catalog.site_pages import site_page, starter_pages
from webapp.db.change_log import ChangeKind, announce
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import AuditKind, Editor, Role
from webapp.publishing import site_pages

DESK = "/editor/pages"
ABOUT = f"{DESK}/about"


def fields_of(page: str, path: str = ABOUT) -> dict[str, str]:
    """What a browser would send for the main form of the page."""
    forms = (form for form in parsed(page).iter(f"{H}form") if form.get("action") == path)
    return sent_by(next(forms)).to_dict()


def save(client: PageClient, *, path: str = ABOUT, status: int = 303, **changes: str) -> str:
    return client.post(path, fields_of(client.get(path).text, path) | changes, status=status).text


def numbers(name: str = "about") -> list[int]:
    db.session.rollback()
    return [one.number for one in site_pages.history(name)]


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize("name", starter_pages())
def test_each_page_opens_in_the_form_without_a_problem(client: PageClient, name: str) -> None:
    save(client, path=f"{DESK}/{name}")
    assert numbers(name) == []  # nothing was changed
    assert client.get(f"/{name}").status_code == 200


@pytest.mark.usefixtures("admin")
def test_what_an_admin_saves_is_what_readers_see(client: PageClient, app: Flask) -> None:
    other_node = PageClient(app)
    assert "Why this site exists" in other_node.get("/about").text
    save(client, title="Who we are", text="## Hello\n\nWe are **new** here.\n\n{who runs the site}")
    page = other_node.get("/about").text
    assert "<h1>Who we are</h1>" in page and "<p>We are <b>new</b> here.</p>" in page
    assert "No person or group is named here" in page and "Why this site exists" not in page
    assert audited()[-1] == AuditKind.PAGE_CHANGED
    assert "Ana Example" in client.get(DESK).text
    assert "<ins>" in client.get(f"{ABOUT}/revisions/1").text


@pytest.mark.usefixtures("admin")
def test_the_doors_of_the_home_page_are_those_of_start_here(client: PageClient) -> None:
    text = site_page("start").text.replace("## This week {#week}", "## The first days {#days}")
    save(client, path=f"{DESK}/start", text=text)
    assert '<a href="/start#days">The first days</a>' in client.get("/").text


@pytest.mark.usefixtures("admin")
def test_a_preview_saves_nothing(client: PageClient) -> None:
    page = save(
        client, status=200, text="## Signs\n### Watch out\n! One\n! Two\n\n{who runs the site}", preview="yes"
    )
    assert "<ul><li>One</li><li>Two</li></ul>" in page and "### Watch out" in page
    assert numbers() == []


PROBLEMS = [
    ("about", {"title": " "}, "Title: please fill this in."),
    ("about", {"text": "x" * 40_001}, "Text: keep this to 40,000 characters."),
    ("about", {"text": "Nobody."}, "Keep the line {who runs the site}."),
    ("about", {"text": "{who runs the site}\n\n{what it costs}"}, "The site can’t fill in {what it costs}."),
    ("about", {"text": "{who runs the site}\n{License}"}, "The site can’t fill in {License}."),
    ("about", {"text": "{who runs the site}\n{safety: fire}"}, "There is no safety card “fire”."),
    ("about", {"text": "{who runs the site}\n{safety}"}, "The site can’t fill in {safety}."),
    ("about", {"text": "{who runs the site}\n\n<b>Bold</b>"}, "“&lt;b&gt;” looks like HTML"),
    ("about", {"text": "{who runs the site} [x](javascript:x)"}, "“javascript:x” leads nowhere."),
    ("about", {"text": "[x](//evil.example)"}, "“//evil.example” leads nowhere."),
    ("about", {"text": "[x](/nowhere)"}, "“/nowhere” leads nowhere."),
    ("about", {"text": "[x](/editor/people)"}, "“/editor/people” leads nowhere."),
    ("about", {"text": "## A {#a}\n## B {#a}"}, "Two headings have {#a}."),
    ("about", {"text": "### A small one"}, "“A small one”: the first heading needs ##, not ###."),
    ("how-we-write", {"text": "## Who {#who}\n## Steps {#steps}"}, "Keep {#sure} at the end of a heading."),
    ("start", {"text": "## This week\n\nIn it."}, "“This week”: add an address for its door"),
    ("start", {"text": "## This week {#week}\n\n- a"}, "“This week”: write a short paragraph below it."),
    ("start", {"text": "Nothing."}, "Begin each part with a heading"),
    ("start", {"sources": ""}, "Readers of this page need to know where it comes from."),
    ("start", {"origin": ""}, "Readers of this page need to know where it comes from."),
    ("start", {"sources": "a\n" * 41}, "Keep this to 40 sources."),
    ("start", {"sources": "[x](http://old.example)"}, "“http://old.example” leads nowhere."),
    ("start", {"checked_on": ""}, "Enter the date on which the sources were last checked."),
    ("start", {"checked_on": "soon"}, "Enter the date as year, month and day"),
    (
        "start",
        {"checked_on": f"{datetime.now(UTC).date() + timedelta(days=3)}"},
        "This date is in the future.",
    ),
]


@pytest.mark.usefixtures("admin")
def test_a_page_that_cannot_be_used_is_refused_with_all_that_was_typed(client: PageClient) -> None:
    typed = {name: fields_of(client.get(f"{DESK}/{name}").text, f"{DESK}/{name}") for name in starter_pages()}
    for name, changes, reason in PROBLEMS:
        sent = typed[name] | {"lede": "What I typed stays."} | changes
        page = client.post(f"{DESK}/{name}", sent, status=422).text
        assert reason in page, reason
        assert "What I typed stays." in page and "<title>Error: " in page
        assert numbers(name) == []


@pytest.mark.usefixtures("admin")
def test_links_to_pages_phones_and_anchors_are_fine(client: PageClient) -> None:
    links = (
        "[a](/how-we-write#who) [b](/research/a-pill) [c](tel:+18005397309) [d](#top) [e](https://n.org/x)"
    )
    save(client, text="{who runs the site}\n\n" + links)
    assert '<a href="tel:+18005397309">c</a> <a href="#top">d</a>' in client.get("/about").text


@pytest.mark.usefixtures("admin")
def test_a_page_saved_meanwhile_is_not_overwritten_unseen(client: PageClient) -> None:
    late = fields_of(client.get(ABOUT).text) | {"title": "The later title"}
    save(client, title="The earlier title")
    page = client.post(ABOUT, late, status=409).text
    assert "Somebody changed this page in the meantime." in page and 'value="The later title"' in page
    client.post(ABOUT, fields_of(page))
    assert site_page("about").title == "The later title" and numbers() == [2, 1]


@pytest.mark.usefixtures("admin")
def test_an_earlier_text_opens_in_the_form(client: PageClient) -> None:
    save(client, title="The first title")
    save(client, title="The second title")
    assert fields_of(client.get(f"{ABOUT}?from=1").text)["title"] == "The first title"
    client.post(ABOUT, fields_of(client.get(f"{ABOUT}?from=0").text))
    assert site_page("about") == starter_pages()["about"]
    for path in (f"{ABOUT}?from=9", f"{ABOUT}/revisions/9", f"{DESK}/nothing", f"{DESK}/nothing.toml"):
        client.get(path, status=404)


@pytest.mark.usefixtures("admin")
def test_a_page_goes_out_and_in_as_a_file(client: PageClient) -> None:
    path = f"{DESK}/start"
    file = client.get(f"{path}.toml").text
    assert tomllib.loads(file)["title"] == "Start here"
    guard = {"csrf_token": token(client, DESK)}

    def opened(body: str, status: int = 200) -> str:
        sent = {"file": (io.BytesIO(body.encode()), "start.toml")}
        return client.post(f"{path}/file", guard | sent, status=status).text

    page = opened(file.replace("Start here", "Begin here"))
    assert site_page("start").title == "Start here" and "This is what readers would see." in page
    client.post(path, fields_of(page, path))
    assert site_page("start").title == "Begin here"
    for wrong in ("title = ", 'title = "x"', file + 'more = "x"'):
        assert "We can’t use this file" in opened(wrong, status=422)
    assert "Choose a file." in client.post(f"{path}/file", guard, status=422).text


def test_only_admins_change_pages(client: PageClient) -> None:
    add_editor(role=Role.EDITOR)
    sign_in(client)
    client.get(ABOUT, status=403)
    client.post(ABOUT, {"csrf_token": token(client, "/editor/account"), "title": "x"}, status=403)
    assert numbers() == []


def test_readers_see_the_page_that_came_with_the_site_when_the_stored_one_cannot_be_read(
    client: PageClient, caplog: pytest.LogCaptureFixture, admin: Editor
) -> None:
    save(client, title="Who we are")
    with writing() as now:
        db.session.execute(text("UPDATE site_text SET content = '{\"title\": 7}'"))
        announce(ChangeKind.SETTINGS, now)
    assert "<h1>About</h1>" in client.get("/about").text
    assert "the stored page about cannot be used" in caplog.text
