"""The site's settings in the editor: admins change them, and the whole site goes by the new name."""

import io
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from sqlalchemy import text

from tests.accounts.people import add_editor, audited, sign_in, token
from tests.editor.forms import sent_by
from tests.factories import add_answer, add_article, change_settings
from tests.hostile.world import LOGO
from tests.pages import H, PageClient, parsed
from webapp.db.change_log import ChangeKind, announce
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import AuditKind, Editor, Role
from webapp.publishing import site_settings as saved
from webapp.web.site_settings import site_settings, starter_settings

ROOT = Path(__file__).resolve().parents[2]
DESK = "/editor/settings"
NAME = "Made-up <Spine> Library"
SHOWN = "Made-up &lt;Spine&gt; Library"


def fields_of(page: str) -> dict[str, str]:
    """What a browser would send for the main form of the page."""
    forms = (form for form in parsed(page).iter(f"{H}form") if form.get("action") == DESK)
    return sent_by(next(forms)).to_dict()


def save(client: PageClient, *, status: int = 303, **changes: str) -> str:
    return client.post(DESK, fields_of(client.get(DESK).text) | changes, status=status).text


def numbers() -> list[int]:
    db.session.rollback()
    return [one.number for one in saved.history()]


@pytest.mark.parametrize("folder", ["webapp", "templates", "static"])
def test_what_the_site_says_of_itself_stands_in_one_file(folder: str) -> None:
    said = starter_settings()
    texts = [said.name, said.mission, said.strapline, said.welcome, "Spinal Cord<br>"]
    for file in (ROOT / folder).rglob("*.*"):
        if file.suffix in (".py", ".toml", ".html", ".txt", ".xml", ".js", ".css", ".svg", ".json"):
            words = " ".join(file.read_text(encoding="utf-8").split())
            found = [one for one in texts if one in words]
            assert not found or file.name == "site.toml", f"{file}: {found}"


@pytest.mark.usefixtures("admin")
def test_what_an_admin_saves_is_what_readers_see(client: PageClient, app: Flask) -> None:
    add_article(slug="a-pill")
    other_node = PageClient(app)
    pages = ["/", "/about", "/offline", "/feed.atom", "/corrections.atom", "/search.xml", "/research/a-pill"]
    pages = [page for page in pages if other_node.flask.get(page).status_code == 200]
    before = {page: other_node.get(page).text for page in pages}
    save(client, name=NAME, short_name="Spines", mission="A made-up mission.", strapline="Spines!")
    for page in pages:
        now = other_node.get(page).text
        assert "Spinal Cord Research Help" in before[page], page
        assert SHOWN in now or NAME in now, page
        assert "Spinal Cord Research Help" not in now and "Spinal Cord<br>" not in now, page
    home = other_node.get("/").text
    assert "<h1>Spines!</h1>" in home and "A made-up mission." in home
    assert "Made-up<br>&lt;Spine&gt; Library" in home
    manifest = other_node.get("/site.webmanifest").get_json()
    assert (manifest["name"], manifest["short_name"]) == (NAME, "Spines")
    assert audited()[-1] == AuditKind.SETTINGS_CHANGED
    assert "Ana Example" in client.get(DESK).text
    assert "<ins>" in client.get(f"{DESK}/revisions/1").text


@pytest.mark.usefixtures("admin")
def test_unchanged_settings_are_not_saved_again(client: PageClient) -> None:
    save(client)
    assert numbers() == []


@pytest.mark.usefixtures("admin")
def test_a_preview_saves_nothing(client: PageClient) -> None:
    page = save(client, status=200, name=NAME, preview="yes")
    assert f"About – {SHOWN}" in page and f'value="{SHOWN}"' in page
    assert numbers() == []


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": " "}, "Name of the site: please fill this in."),
        ({"name": "x" * 61}, "Name of the site: keep this to 60 characters."),
        ({"short_name": "x" * 17}, "Short name: keep this to 16 characters."),
        ({"mission": ""}, "Mission: please fill this in."),
        ({"lead": "/research/nothing"}, "We have no summary at this address."),
        ({"asked_most-0": "nothing"}, "Not a valid choice."),
    ],
)
def test_settings_that_are_not_whole_are_refused(
    client: PageClient, changes: dict[str, str], reason: str
) -> None:
    page = save(client, status=422, **changes | {"run_by": "What I typed stays."})
    assert reason in page and "What I typed stays." in page and "Error: Site settings" in page
    assert numbers() == []


@pytest.mark.usefixtures("admin")
def test_a_line_break_never_gets_into_the_name(client: PageClient) -> None:
    save(client, name="A name\r\nBcc: all@example.org\u202e")
    assert site_settings().name == "A name Bcc: all@example.org"


@pytest.mark.usefixtures("admin")
def test_settings_saved_meanwhile_are_not_overwritten_unseen(client: PageClient) -> None:
    late = fields_of(client.get(DESK).text) | {"name": "The later name"}
    save(client, name="The earlier name")
    page = client.post(DESK, late, status=409).text
    assert "Somebody saved other settings in the meantime." in page and 'value="The later name"' in page
    client.post(DESK, fields_of(page))
    assert site_settings().name == "The later name" and numbers() == [2, 1]


@pytest.mark.usefixtures("admin")
def test_earlier_settings_open_in_the_form(client: PageClient) -> None:
    save(client, name="The first name")
    save(client, name="The second name")
    assert fields_of(client.get(f"{DESK}?from=1").text)["name"] == "The first name"
    client.post(DESK, fields_of(client.get(f"{DESK}?from=0").text))
    assert site_settings() == starter_settings()
    client.get(f"{DESK}?from=9", status=404)
    client.get(f"{DESK}/revisions/9", status=404)


@pytest.mark.usefixtures("admin")
def test_the_home_page_has_what_was_chosen_in_that_order(client: PageClient) -> None:
    for number in range(4):
        add_article(slug=f"pill-{number}", plain_title=f"Pill {number}")
    for name in ("a", "b", "c"):
        add_answer("pill-0", slug=f"answer-{name}", question=f"Is it {name}?")
    assert "Our pick" not in client.get("/").text
    chosen = {"asked_most-0": "answer-c", "asked_most-2": "answer-b"}
    chosen |= {"lead": "http://localhost/research/pill-0/?a=b#c"}
    client.post(DESK, fields_of(client.get(DESK).text) | chosen)
    home = client.get("/").text
    assert re.findall(r"<h3><a[^>]*>(Is it .\?)", home) == ["Is it c?", "Is it b?", "Is it a?"]
    assert "Our pick" in home and home.count("Pill 0") >= 1
    assert home.index("Pill 0") < home.index("Pill 3")


@pytest.mark.usefixtures("admin")
def test_a_logo_is_shown_on_all_pages_until_it_is_removed(client: PageClient) -> None:
    guard = {"csrf_token": token(client, DESK), "number": "0"}
    client.post(f"{DESK}/logo", guard | {"logo": (io.BytesIO(LOGO), "logo.svg")})
    found = re.search(r'<img class="logo__mark" src="([^"]+)" alt="">', client.get("/").text)
    assert found
    picture = client.get(found[1])
    assert picture.mimetype == "image/svg+xml" and "<path" in picture.text
    client.get(found[1].replace(".svg", ".png"), status=404)
    script = LOGO.replace(b"<path", b"<script/><path")
    page = client.post(
        f"{DESK}/logo", guard | {"number": "1", "logo": (io.BytesIO(script), "a.svg")}, status=422
    )
    assert "The drawing has “script” in it." in page.text
    client.post(f"{DESK}/logo", guard | {"number": "0", "remove": "yes"}, status=409)
    client.post(f"{DESK}/logo", guard | {"number": "1", "remove": "yes"})
    assert "logo__mark" not in client.get("/").text
    assert "The logo was changed." in client.get(f"{DESK}/revisions/1").text


@pytest.mark.usefixtures("admin")
def test_settings_go_out_and_in_as_a_file(client: PageClient) -> None:
    change_settings(name=NAME, asked_most=())
    file = client.get(f"{DESK}/site.toml").text
    assert tomllib.loads(file)["name"] == NAME
    guard = {"csrf_token": token(client, DESK)}

    def opened(body: str, status: int = 200) -> str:
        sent = {"file": (io.BytesIO(body.encode()), "site.toml")}
        return client.post(f"{DESK}/file", guard | sent, status=status).text

    page = opened(file.replace("Made-up", "Another"))
    assert site_settings().name == NAME
    client.post(DESK, fields_of(page))
    assert site_settings().name == "Another <Spine> Library"
    for wrong in ("name = ", 'name = "x"', file + 'more = "x"', file.replace("short_name", "long_name")):
        assert "We can’t use this file" in opened(wrong, status=422)
    assert "Choose a file." in client.post(f"{DESK}/file", guard, status=422).text


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.WRITER, Role.EDITOR])
def test_only_admins_see_the_settings(client: PageClient, role: Role) -> None:
    add_editor(role=role)
    sign_in(client)
    assert "Site settings" not in client.get("/editor/account").text
    client.get(DESK, status=403)
    client.post(DESK, {"csrf_token": token(client, "/editor/account"), "name": NAME}, status=403)
    assert numbers() == []


def test_readers_see_the_name_of_before_when_the_new_one_cannot_be_read(
    client: PageClient, caplog: pytest.LogCaptureFixture, admin: Editor
) -> None:
    change_settings(name=NAME)
    assert SHOWN in client.get("/about").text
    with writing() as now:
        db.session.execute(text("UPDATE site_text SET content = '{\"name\": 7}'"))
        announce(ChangeKind.SETTINGS, now)
    assert "Spinal Cord Research Help" in client.get("/about").text
    assert "the stored site settings cannot be used" in caplog.text
    with writing() as now:
        db.session.execute(text("ALTER TABLE site_text RENAME TO away"))
        announce(ChangeKind.SETTINGS, now)
    assert "Spinal Cord Research Help" in client.get("/about").text
    assert "the site settings could not be read" in caplog.text


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Spinal Cord Research Help", ("Spinal Cord", "Research Help")),
        ("SCI", ("SCI", "")),
        ("A Rather Longsomeword", ("A Rather", "Longsomeword")),
    ],
)
def test_a_name_is_split_near_its_middle(name: str, lines: tuple[str, str]) -> None:
    assert msgspec.structs.replace(starter_settings(), name=name).name_lines == lines
