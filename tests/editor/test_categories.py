"""Categories in the editor: added, renamed, ordered and merged, with everything that is filed under them."""

import io
import tomllib
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, select

from tests.accounts.people import add_editor, audited, sign_in, token
from tests.editor.forms import form_of, opened, press, sent_by
from tests.editor.test_nothing_lost import sign_in_at
from tests.engines import both_engines
from tests.factories import NOW, add_answer, add_article
from tests.newsletter.steps import subscribed
from tests.pages import H, PageClient, parsed
from webapp.db.change_log import ChangeKind, PublicChange
from webapp.db.session import db
from webapp.models import Answer, Article, AuditKind, Category, Draft, Revision, Role, SignIn, Subscriber
from webapp.publishing import categories, library
from webapp.publishing.categories import live_categories
from webapp.search import indexing

DESK = "/editor/categories"
PAIN, BONES = "pain-management", "orthopedics"


def fields_of(page: str, path: str) -> dict[str, str]:
    """What a browser would send for the form with this address."""
    forms = (form for form in parsed(page).iter(f"{H}form") if form.get("action") == path)
    return sent_by(next(forms)).to_dict()


def save(client: PageClient, category: str = PAIN, *, status: int = 303, **changes: str) -> str:
    path = f"{DESK}/{category}"
    return client.post(path, fields_of(client.get(path).text, path) | changes, status=status).text


def merge(client: PageClient, slug: str, into: str) -> None:
    path = f"{DESK}/{slug}/merge"
    asked = client.post(path, fields_of(client.get(f"{DESK}/{slug}").text, path) | {"into": into}, status=200)
    client.post(path, fields_of(asked.text, path) | {"confirmed": "yes"})


def slugs() -> list[str]:
    db.session.rollback()
    return [one.slug for one in live_categories()]


def numbers() -> list[int]:
    db.session.rollback()
    return [one.number for one in categories.history()]


@pytest.fixture
def filed(app: Flask) -> int:
    """A summary under pain and bones, an answer, and somebody who chose pain; the id of the summary."""
    article = add_article(slug="a-pill", categories=[PAIN, BONES])
    add_article(slug="a-cast", categories=[BONES, PAIN])
    add_answer("a-pill", slug="does-it-help", categories=[PAIN])
    subscribed("one@example.org", topics=[PAIN, BONES])
    subscribed("two@example.org", topics=[PAIN])
    db.session.commit()
    indexing.catch_up()
    return article.id


def held() -> dict[str, object]:
    """Where what is filed is filed."""
    db.session.rollback()
    return {
        "summaries": {
            row.slug: [one.slug for one in row.categories]
            for row in db.session.scalars(select(Article).order_by(Article.id))
        },
        "texts": [
            content["categories"]
            for column in (Draft.content, Revision.content)
            for content in db.session.scalars(select(column))
        ],
        "answers": [one.categories for one in db.session.scalars(select(Answer))],
        "topics": [one.topics for one in db.session.scalars(select(Subscriber).order_by(Subscriber.id))],
    }


@pytest.mark.usefixtures("admin", "filed")
def test_a_category_goes_on_under_another_name_and_address(client: PageClient) -> None:
    before = held()
    preview = save(client, status=200, name="Pain", slug="pain", preview="yes")
    assert "The old address leads to the new one." in preview and numbers() == []
    save(client, name="Pain", slug="pain", description="What hurts.")
    page = client.get("/categories/pain").text
    assert "<h1>Pain</h1>" in page and "/research/a-pill" in page and "/answers/does-it-help" in page
    for path in (f"/categories/{PAIN}", f"/categories/{PAIN}/feed.atom", f"/categories/{PAIN}.ris"):
        moved = client.get(f"{path}?sort=newest", status=301)
        assert moved.location == f"{path.replace(PAIN, 'pain')}?sort=newest"
    assert str(held()) == str(before).replace(PAIN, "pain")
    assert audited()[-1] == AuditKind.CATEGORIES_CHANGED and numbers() == [1]
    assert "<ins>" in client.get(f"{DESK}/revisions/1").text
    client.post(f"{DESK}/pain", fields_of(client.get(f"{DESK}/pain").text, f"{DESK}/pain") | {"slug": PAIN})
    assert client.get("/categories/pain", status=301).location == f"/categories/{PAIN}"
    assert held() == before


@pytest.mark.usefixtures("admin", "filed")
def test_search_follows_a_new_address(client: PageClient) -> None:
    save(client, name="Aches", slug="aches")
    assert ChangeKind.CATEGORIES in set(db.session.scalars(select(PublicChange.kind)))
    indexing.catch_up()
    for slug in ("aches", PAIN):  # a followed search or a link may have the former one
        assert "/research/a-pill" in client.get(f"/search?category={slug}").text
    assert "/research/a-pill" in client.get(f"/search/feed.atom?category={PAIN}").text
    assert "/research/a-pill" in client.get("/search?q=aches").text


@both_engines
@pytest.mark.usefixtures("admin", "filed")
def test_merging_moves_everything_and_the_old_address_leads_on(client: PageClient) -> None:
    path = f"{DESK}/{PAIN}/merge"
    asked = client.post(
        path, fields_of(client.get(f"{DESK}/{PAIN}").text, path) | {"into": BONES}, status=200
    ).text
    assert "2 summaries, 1 answer and 0 drafts move to Orthopedics" in asked and "2 subscribers" in asked
    assert PAIN in slugs()
    merge(client, PAIN, BONES)
    assert PAIN not in slugs()
    assert held() == {
        "summaries": {"a-pill": [BONES], "a-cast": [BONES]},
        "texts": [[BONES]] * 6,
        "answers": [[BONES]],
        "topics": [[BONES], [BONES]],
    }
    assert client.get(f"/categories/{PAIN}", status=301).location == f"/categories/{BONES}"
    save(client, BONES, slug="bones")
    assert client.get(f"/categories/{PAIN}", status=301).location == "/categories/bones"
    client.get(f"{DESK}/{PAIN}", status=404)


@pytest.mark.usefixtures("admin", "filed")
def test_a_merge_needs_another_category(client: PageClient) -> None:
    path = f"{DESK}/{PAIN}/merge"
    sent = fields_of(client.get(f"{DESK}/{PAIN}").text, path)
    for into in ("", PAIN, "nothing"):
        page = client.post(path, sent | {"into": into, "confirmed": "yes"}, status=422).text
        assert "Choose the category that it becomes a part of." in page
    assert numbers() == []


@pytest.mark.usefixtures("admin")
def test_a_new_category_comes_last_and_can_be_moved(client: PageClient) -> None:
    path = "/editor/new-category"
    sent = fields_of(client.get(path).text, path)
    client.post(path, sent | {"name": "Sleep & dreams", "description": "How people sleep.", "icon": "mind"})
    assert slugs()[-1] == "sleep-dreams" and "How people sleep." in client.get("/categories").text
    before = slugs()
    up = f"{DESK}/sleep-dreams/move"
    client.post(up, fields_of(client.get(DESK).text, up) | {"where": "up"})
    assert slugs() == [*before[:-2], "sleep-dreams", before[-2]] and numbers() == [2, 1]
    first = f"{DESK}/{before[0]}/move"
    client.post(first, fields_of(client.get(DESK).text, first) | {"where": "up"})
    assert slugs()[0] == before[0] and numbers() == [2, 1]


@pytest.mark.usefixtures("admin")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": " "}, "Name: please fill this in."),
        ({"name": "x" * 81}, "Name: keep this to 80 characters."),
        ({"name": "orthopedics"}, "Two categories have the name “Orthopedics”."),
        ({"slug": BONES}, f"Two categories have the address “{BONES}”."),
        ({"slug": "Not an address"}, "Address: use lowercase letters"),
        ({"icon": "pirate"}, "Not a valid choice."),
        ({"name": "A & B", "icon": ""}, "Choose a picture."),
    ],
)
def test_a_category_that_cannot_be_used_is_refused_with_all_that_was_typed(
    client: PageClient, changes: dict[str, str], reason: str
) -> None:
    page = save(client, status=422, **{"description": "What I typed stays."} | changes)
    assert reason in page and "What I typed stays." in page and "<title>Error: " in page
    assert numbers() == []


@pytest.mark.usefixtures("admin")
def test_changes_made_meanwhile_are_not_undone_unseen(client: PageClient) -> None:
    path, up = f"{DESK}/{PAIN}", f"{DESK}/{BONES}/move"
    late = fields_of(client.get(path).text, path) | {"name": "The later name"}
    late_move = fields_of(client.get(DESK).text, up) | {"where": "up"}
    save(client, BONES, name="Bones")
    page = client.post(path, late, status=409).text
    assert "Somebody changed the categories in the meantime." in page and "The later name" in page
    assert "Somebody changed the categories" in client.post(up, late_move, status=409).text
    client.post(path, fields_of(page, path))
    names = [one.name for one in live_categories()]
    assert "The later name" in names and "Bones" in names and numbers() == [2, 1]


@pytest.mark.usefixtures("admin", "filed")
def test_an_earlier_list_can_be_gone_back_to(client: PageClient) -> None:
    before = live_categories()
    save(client, name="Pain", slug="pain")
    merge(client, "pain", BONES)
    page = client.get(f"{DESK}?from=0").text
    assert "Pain Management" in page and PAIN not in slugs()
    client.post(DESK, fields_of(page, DESK))
    assert [(one.slug, one.name) for one in live_categories()] == [(one.slug, one.name) for one in before]
    assert client.get("/categories/pain", status=301).location == f"/categories/{BONES}"
    client.get(f"/categories/{PAIN}")
    client.get(f"{DESK}?from=9", status=404)


@pytest.mark.usefixtures("admin", "filed")
def test_the_list_goes_out_and_in_as_a_file(client: PageClient) -> None:
    file = client.get(f"{DESK}.toml").text
    assert [one["slug"] for one in tomllib.loads(file)["categories"]] == slugs()
    guard = {"csrf_token": token(client, DESK)}

    def load(body: str, status: int = 303) -> str:
        sent = {"file": (io.BytesIO(body.encode()), "categories.toml")}
        return client.post(f"{DESK}-file", guard | sent, status=status).text

    load(file)
    assert numbers() == []
    load(file.replace("Pain Management", "Pain"))
    assert numbers() == [1] and "<h1>Pain</h1>" in client.get(f"/categories/{PAIN}").text
    without_pain = "".join(
        f"[[categories]]{one}" for one in file.split("[[categories]]")[1:] if PAIN not in one
    )
    assert "“Pain” isn’t empty. Merge it" in load(without_pain, status=422)
    for wrong in ("categories = ", "", file.replace('"pain"', '"pirate"'), file.replace("slug", "slag")):
        assert "Nothing was changed." in load(wrong, status=422)
    assert "Choose a file." in client.post(f"{DESK}-file", guard, status=422).text
    load(without_pain.replace(f'slug = "{BONES}"', f'slug = "{BONES}"\nformer_slugs = ["{PAIN}"]'))
    assert held()["answers"] == [[BONES]]


@pytest.mark.usefixtures("admin")
def test_a_form_that_was_open_meanwhile_keeps_its_category(client: PageClient, filed: int) -> None:
    path = form_of(client, filed)
    sent = opened(client, path, harms="Nobody was harmed.")
    save(client, name="Pain", slug="pain")
    press(client, path, sent, "save")
    draft = db.session.scalar(select(Draft).where(Draft.article_id == filed))
    assert draft is not None and draft.content["categories"] == ["pain", BONES]
    assert draft.content["harms"] == "Nobody was harmed."


@pytest.mark.usefixtures("admin", "filed")
def test_an_older_export_of_the_library_does_not_bring_a_former_category_back(
    client: PageClient, tmp_path: Path
) -> None:
    library.export_library(tmp_path)
    save(client, name="Pain", slug="pain")
    merge(client, BONES, "pain")
    before = held()
    report = library.import_library(tmp_path, NOW)
    db.session.commit()
    assert held() == before and report.loaded_count == 0
    assert BONES not in slugs() and PAIN not in slugs()


@pytest.mark.usefixtures("admin")
def test_the_history_says_what_an_import_changed(client: PageClient, tmp_path: Path) -> None:
    save(client, name="Pain")
    file = tmp_path / "categories.toml"
    file.write_text(categories.to_toml(live_categories()).replace("Orthopedics", "Bones"), encoding="utf-8")
    library.import_library(tmp_path, NOW)
    db.session.commit()
    save(client, name="Pains")
    assert numbers() == [3, 2, 1]
    assert [one.name for one in categories.text_at(2)][1:3] == ["Pain", "Bones"]


@pytest.mark.usefixtures("admin")
def test_what_was_typed_comes_back_after_the_sign_in_ran_out(client: PageClient) -> None:
    path = f"{DESK}/{PAIN}"
    sent = fields_of(client.get(path).text, path) | {"description": "What I typed stays."}
    db.session.execute(delete(SignIn))
    db.session.commit()
    asked = client.post(path, sent)
    assert "Your text is safe." in client.get(asked.location).text
    page = client.get(sign_in_at(client, asked.location)).text
    assert fields_of(page, path)["description"] == "What I typed stays."


def test_only_admins_change_categories(client: PageClient) -> None:
    add_editor(role=Role.EDITOR)
    sign_in(client)
    client.get(DESK, status=403)
    client.post(f"{DESK}/{PAIN}", {"csrf_token": token(client, "/editor/account"), "name": "x"}, status=403)
    assert db.session.scalar(select(Category.name).where(Category.slug == PAIN)) == "Pain Management"
