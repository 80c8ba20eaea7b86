"""How a person fills in the authoring form: the fields of a page as they stand, changed, and a button pressed."""

from typing import Any
from xml.etree.ElementTree import Element

from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.pages import H, PageClient, parsed

Sent = MultiDict[str, str]


def fields_of(page: str) -> Sent:
    """What a browser would send for the authoring form of a page, without a button."""
    return sent_by(next(f for f in parsed(page).iter(f"{H}form") if f.get("id") == "summary-form"))


def sent_by(form: Element) -> Sent:
    """What a browser would send for a form, without a button."""
    sent = Sent()
    for control in form.iter():
        name, kind = control.get("name"), control.get("type", "text")
        if (
            name is None
            or control.tag == f"{H}button"
            or (kind in ("checkbox", "radio") and control.get("checked") is None)
        ):
            continue
        if control.tag == f"{H}select":
            options = list(control.iter(f"{H}option"))
            chosen = next((option for option in options if option.get("selected") is not None), options[0])
            sent.add(name, chosen.get("value", ""))
        elif control.tag == f"{H}textarea":
            sent.add(name, (control.text or "").replace("\n", "\r\n"))
        else:
            sent.add(name, control.get("value", "on" if kind == "checkbox" else ""))
    return sent


def opened(client: PageClient, path: str, **changes: Any) -> Sent:
    """The form at an address with some fields changed; a list stands for several values, None takes a field away."""
    return changed(fields_of(client.get(path, follow_redirects=True).text), **changes)


def changed(sent: Sent, **changes: Any) -> Sent:
    """The fields with some changed; two underscores stand for a hyphen: ``paper__doi``."""
    sent = Sent(sent)
    for name, value in changes.items():
        key = name.replace("__", "-")
        sent.poplist(key)
        for one in value if isinstance(value, list) else [] if value is None else [value]:
            sent.add(key, one)
    return sent


def form_of(client: PageClient, article_id: int) -> str:
    """The address of the form of a published or withdrawn summary."""
    location: str = client.get(f"/editor/articles/{article_id}", status=303).location
    return location


def press(
    client: PageClient, path: str, sent: Sent, button: str, value: str = "", *, status: int = 303
) -> TestResponse:
    """Press a button of the form, named as the end of its address; one that stands there many times has a value as well.

    Publishing a text that readers see leads to the sheet, which is then sent as well.
    """
    fields = changed(sent, **{button: value}) if value else sent
    answer = client.post(f"{path}/{button}", fields, status=status)
    if button == "publish" and status == 303 and answer.location.endswith("/publish"):
        return send_sheet(client, answer.location)
    return answer


def send_sheet(
    client: PageClient,
    path: str,
    reason: str = "The words are clearer.",
    correction: str | None = "no",
    *,
    publish_at: str = "",
    status: int = 303,
) -> TestResponse:
    """Say on the publish sheet why the text changed, and publish it, or schedule it for a time."""
    sheet = sent_by(sheet_of(client.get(path).text))
    sent = changed(sheet, reason=reason, correction=correction, publish_at=publish_at)
    return client.post(
        f"{path.removesuffix('publish')}{'schedule' if publish_at else 'publish'}-changes",
        sent,
        status=status,
    )


def sheet_of(page: str) -> Element:
    """The form on the page of the publish sheet."""
    return next(f for f in parsed(page).iter(f"{H}form") if f.get("action", "").endswith("-changes"))


def complete(number: int = 1) -> dict[str, Any]:
    """Fields of a summary that can be published without a warning."""
    return {
        "paper__title": f"Made-up trial {number} of a made-up treatment",
        "paper__doi": f"10.5555/editor.{number}",
        "paper__journal": "Journal of Made-up Trials",
        "paper__published_on": "2021-03",
        "paper__authors": "Doe, Jo\r\nRoe, Kim",
        "paper__read_from": "full-text",
        "paper__abstract": "Of 40 people, half got a pill. It eased pain in 20% and 30%.",
        "categories": ["rehabilitation", "pain-management"],
        "main_category": "pain-management",
        "plain_title": f"A made-up pill did not ease pain in trial {number}",
        "subject": "people",
        "about_sci": "yes",
        "study_kind": "randomized-trial",
        "result": "no-clear-difference",
        "main_message": "The pill and a look-alike pill did about the same.",
        "simple_explanation": "Some people have pain after an injury.\r\n\r\nHalf of them got a pill. The pain stayed the same.",
        "study_duration": "6 weeks",
        "participants": "40 people",
        "evidence_level": "Randomized trial",
        "findings-0-text": "Pain was about the same in both groups.",
        "findings-0-place": "Abstract, results",
        "findings-1-text": "Dry mouth was more common with the pill.",
        "findings-1-place": "Abstract, results",
        "harms": "Some people had a dry mouth.",
        "research_summary": "The team gave people a pill or a look-alike. Pain scores did not differ.",
        "implications-0-title": "Ask first",
        "implications-0-text": "Talk with your care team about pain.",
        "questions-0": "What else could ease my pain?",
        "limitations-0": "The trial was small.",
        "funding": "A made-up fund",
        "conflicts_of_interest": "None stated",
        "written_by": "A test",
    }
