"""Public forms that were sent too quickly, or from a page that is too old, are sent once more with one press."""

from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask

from tests.editor.forms import changed, sent_by
from tests.hostile.world import World
from tests.pages import H, PageClient, parsed

ANSWERS = {
    "email": "ana@example.org",
    "message": "The second part <b>is</b> hard.",
    "topic": "question",
    "q": "spasms",
}


def guarded(page: str) -> list[tuple[str, dict[str, list[str]]]]:
    """The action and the fields of each form with a signed time, filled in."""
    found = []
    for form in parsed(page).iter(f"{H}form"):
        sent = sent_by(form)
        if "website" in sent:
            names = {control.get("name") for control in form.iter()}
            typed = {name: value for name, value in ANSWERS.items() if name in names}
            found.append((form.get("action", ""), changed(sent, **typed).to_dict(flat=False)))
    return found


def public_forms(app: Flask, client: PageClient, world: World) -> dict[str, dict[str, list[str]]]:
    """All public forms that somebody types into, by their actions."""
    pages = [client.flask.get(path) for path in world.pages(app) if not path.startswith("/editor")]
    whole = (page.text for page in pages if page.mimetype == "text/html" and page.status_code == 200)
    return dict(form for page in whole for form in guarded(page))


def test_a_form_sent_too_quickly_says_so_and_needs_only_another_press(
    app: Flask, client: PageClient, world: World
) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        forms = public_forms(app, client, world)
        assert len(forms) >= 5
        for action, sent in forms.items():
            clock.move_to(now + timedelta(seconds=1))
            page = client.post(action, sent, status=422).text
            assert "That was fast" in page and "put right" not in page and "Error:" not in page, action
            assert dict(guarded(page))[action] == sent
            clock.move_to(now + timedelta(seconds=2))
            assert client.flask.post(
                action, data=dict(guarded(page))[action], headers={"Sec-Fetch-Site": "same-origin"}
            ).status_code in (200, 303), action


def test_a_page_that_was_open_for_too_long_gets_a_new_signed_time(
    app: Flask, client: PageClient, world: World
) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        sent = dict(guarded(client.get("/contact").text))["/contact"]
        clock.move_to(now + timedelta(days=1, seconds=1))
        page = client.post("/contact", sent, status=422).text
        assert "open for a long time" in page and "put right" not in page
        clock.shift(timedelta(seconds=2))
        client.post("/contact", dict(guarded(page))["/contact"])


def test_mistakes_come_before_the_time(client: PageClient) -> None:
    sent = dict(guarded(client.get("/contact").text))["/contact"] | {"email": "nobody"}
    page = client.post("/contact", sent, status=422).text
    assert "Please fix one thing" in page and "That was fast" not in page
