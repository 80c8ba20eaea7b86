"""What comes out of the printer."""

import io

from playwright.sync_api import Page
from pypdf import PdfReader


def printed(page: Page, path: str) -> PdfReader:
    page.goto(path)
    return PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))


def test_a_visit_pack_of_three_fits_on_two_sheets(page: Page) -> None:
    pdf = printed(page, "/visit-pack?s=1,2,3")
    assert len(pdf.pages) <= 2
    text = "".join(sheet.extract_text() for sheet in pdf.pages)
    assert "Questions to ask" in text and "/s/2" in text
    assert "Add a summary" not in text


def test_an_article_prints_with_address_date_and_doi_and_without_menus(page: Page) -> None:
    pdf = printed(page, "/research/amitriptyline-pain-trial")
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
