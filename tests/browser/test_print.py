"""What comes out of the printer."""

import io

import pytest
from playwright.sync_api import Page
from pypdf import PageObject, PdfReader


def printed(page: Page, path: str) -> PdfReader:
    page.goto(path)
    return PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))


def test_a_visit_pack_of_three_fits_on_two_sheets(screen: Page) -> None:
    pdf = printed(screen, "/visit-pack?s=1,2,3")
    assert len(pdf.pages) <= 2
    text = "".join(sheet.extract_text() for sheet in pdf.pages)
    assert "Questions to ask" in text and "/s/2" in text
    assert "Add a summary" not in text


def lowest_line(sheet: PageObject) -> str:
    """The words at the bottom of a printed sheet."""
    lines: dict[int, str] = {}

    def note(text: str, page: list[float], line: list[float], *_: object) -> None:
        height = round(line[5] * page[3] + page[5])
        lines[height] = lines.get(height, "") + text

    sheet.extract_text(visitor_text=note)
    return next((" ".join(lines[at].split()) for at in sorted(lines) if lines[at].strip()), "")


@pytest.mark.parametrize(
    "path", ["/research/amitriptyline-pain-trial", "/how-we-write", "/visit-pack?s=1,2,3"]
)
def test_no_sheet_ends_with_a_heading(screen: Page, path: str) -> None:
    """The text begins lower and lower on the first sheet, so that each heading comes to its end once."""
    screen.goto(path)
    found = "[...document.querySelectorAll('main :is(h2, h3, summary, dt)')].map((heading) => heading.textContent)"
    headings = [" ".join(text.split()) for text in screen.evaluate(found)]
    for space in range(0, 240, 12):
        screen.evaluate("(space) => { document.body.style.paddingBlockStart = `${space}mm`; }", space)
        pdf = PdfReader(io.BytesIO(screen.pdf(format="A4", prefer_css_page_size=True)))
        ends = [lowest_line(sheet) for sheet in pdf.pages[:-1]]
        assert [end for end in ends if end in headings] == [], space


def test_an_article_prints_with_address_date_and_doi_and_without_menus(screen: Page) -> None:
    pdf = printed(screen, "/research/amitriptyline-pain-trial")
    text = " ".join("".join(sheet.extract_text() for sheet in pdf.pages).split())
    for wanted in (
        "10.1016/s0304-3959(01)00483-3",
        "Key Findings",
        "/research/amitriptyline-pain-trial",
        "November 24, 2026",
    ):
        assert wanted in text
    for unwanted in ("Skip to main content", "Subscribe", "Was this summary helpful?", "Quick Links"):
        assert unwanted not in text
