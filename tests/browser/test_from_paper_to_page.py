"""From a paper with its full text to a public page, by the import, the fact sheet and the form alone; what it takes is counted."""

import sys
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PAPER = Path(__file__).parents[1] / "papers" / "samples" / "made_up_trial.xml"
MOST_CLICKS = 25
CONFIRMED = (
    "subject",
    "sample_size",
    "sex",
    "injury_completeness",
    "injury_level",
    "country",
    "study_duration",
    "harms",
)
CHOSEN = {
    "About spinal cord injury": "yes",
    "Kind of study": "randomized-trial",
    "Result": "mixed",
    "Main category": "pain-management",
}
WRITTEN = {
    "Plain title": "Forearm massage eased pain, but hands got no stronger",
    "Main message": "In this small trial, massage may have eased pain in the arms. It did not make hands stronger.",
    "Simple explanation": "After a neck injury, arms often hurt. In this trial, a computer put 48 people into two groups at random. "
    "One group got a forearm massage twice a week. After ten weeks, half of them had less pain. So did about one in four of the others.\n\n"
    "We can’t be sure that the massage did it. People knew who got one, and that can change how pain feels.",
    "Finding 1": "Of 26 people with massage, 13 had less pain after 10 weeks; without it, 6 of 22 had.",
    "Finding 1: Where in the paper": "Table 1",
    "Finding 2": "Grip strength was about the same in the two groups of adults.",
    "Finding 2: Where in the paper": "Table 1",
    "Harms and side effects": "Nobody was seriously harmed. Two people got a bruise.",
    "Research summary": "Forty-eight adults with injuries from C5 to C8 got either massage or their usual care. "
    "About 50% had less pain with massage, and 27% without. Their grip was the same. Two people got a bruise.",
    "Limitation 1": "The trial was small, and people knew which group they were in.",
    "Written by": "A person, for a test.",
}


class Hands:
    """What an editor does, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.fields = page, 0, 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def type(self, target: Locator, text: str) -> None:
        target.fill(text)
        self.fields += 1

    def choose(self, target: Locator, value: str) -> None:
        target.select_option(value)
        self.fields += 1


def test_a_paper_with_its_full_text_is_published_by_two_screens(editor: Page) -> None:
    """Before there was a fact sheet, this took 64 clicks and 35 fields, with 21 false warnings about numbers.

    All numbers of the text are in the paper, in words, in a table, or as the sum of its groups: none may get a warning.
    """
    hands = Hands(editor)
    editor.goto("/editor/papers/import")
    hands.type(editor.get_by_label("Papers", exact=True), PAPER.read_text(encoding="utf-8"))
    hands.click(editor.get_by_role("button", name="Find the papers"))
    hands.click(editor.get_by_role("button", name="Make drafts of the chosen papers").first)
    hands.click(editor.get_by_role("link", name="Paper and facts"))
    hands.click(editor.get_by_role("button", name="I read the full text"))
    for count, field in enumerate(CONFIRMED, start=1):
        hands.click(editor.locator(f"#fact-{field} > .quick button"))
        expect(editor.locator("#fact-progress")).to_contain_text(f"{count} of ")
    hands.click(editor.get_by_role("link", name="Write with"))
    hands.click(editor.get_by_role("button", name="Add a finding"))
    expect(editor.get_by_label("Finding 1", exact=True)).to_be_focused()
    hands.click(editor.get_by_role("button", name="Add a finding"))
    expect(editor.get_by_label("Finding 2", exact=True)).to_be_focused()
    hands.click(editor.get_by_role("button", name="Add a limitation"))
    expect(editor.get_by_label("Limitation 1", exact=True)).to_be_focused()
    hands.click(editor.get_by_label("Pain Management", exact=True))
    for label, value in CHOSEN.items():
        hands.choose(editor.get_by_label(label, exact=True), value)
    for label, text in WRITTEN.items():
        hands.type(editor.get_by_role("textbox", name=label, exact=True), text)
    hands.click(editor.get_by_role("button", name="Publish", exact=True))
    editor.wait_for_load_state()
    shown = editor.locator("#warnings ol > li, .notice--error").all_inner_texts()
    sys.stdout.write(f"{hands.clicks} clicks, {hands.fields} fields, {len(shown)} warnings\n")
    assert editor.url.endswith("done=published"), shown
    assert hands.clicks <= MOST_CLICKS
