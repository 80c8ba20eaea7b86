"""The plain format of the site's own pages."""

import pytest
from flask import Flask

from webapp.content.page_text import Block, BlockKind, parts, pieces, sections, side_by_side
from webapp.web.templating import inline

PAGE = """
Before all headings.

## One part {#one}
The first paragraph,
in two lines.

- an entry
- another entry
1. first
12. then

### Good signs
+ free
+ registered
### Warnings {#bad}
! a bill

## Another part

- [ ] Who pays?
> Dear team
? Can I have kids?
{license}
{kinds of study}
"""


def test_a_page_is_read_into_sections() -> None:
    found = sections(PAGE.replace("\n", "\r\n"))  # as a browser sends it
    assert [(one.level, one.title, one.anchor) for one in found] == [
        (0, "", ""),
        (2, "One part", "one"),
        (3, "Good signs", ""),
        (3, "Warnings", "bad"),
        (2, "Another part", ""),
    ]
    assert found[1].blocks == (
        Block(BlockKind.PARAGRAPH, ("The first paragraph, in two lines.",)),
        Block(BlockKind.LIST, ("an entry", "another entry")),
        Block(BlockKind.NUMBERS, ("first", "then")),
    )
    assert found[4].blocks == (
        Block(BlockKind.TO_ASK, ("Who pays?",)),
        Block(BlockKind.LETTER, ("Dear team",)),
        Block(BlockKind.LEADS_ON, ("Can I have kids?",)),
        Block(BlockKind.LIVE_PART, ("license",)),
        Block(BlockKind.LIVE_PART, ("kinds of study",)),
    )


def test_boxes_of_signs_stand_side_by_side() -> None:
    rows = side_by_side(sections(PAGE))
    assert [[one.title for one in row] for row in rows] == [
        [""],
        ["One part"],
        ["Good signs", "Warnings"],
        ["Another part"],
    ]


def test_the_parts_of_a_page_begin_with_its_large_headings() -> None:
    found = parts(sections(PAGE))
    assert [(part.head.title, len(part.sections)) for part in found] == [("One part", 2), ("Another part", 0)]


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("plain", "plain"),
        ("**bold** and *Spinal Cord*, 2008", "<b>bold</b> and <cite>Spinal Cord</cite>, 2008"),
        ("2 * 3 * 4 ** 5 [a] (b)", "2 * 3 * 4 ** 5 [a] (b)"),
        ("[start](/start#week).", '<a href="/start#week">start</a>.'),
        ("[*Nature*](https://n.org)", '<a rel="noreferrer" href="https://n.org"><cite>Nature</cite></a>'),
        ("**[SCI](https://s.net).**", '<b><a rel="noreferrer" href="https://s.net">SCI</a>.</b>'),
        ("[My pack](/visit-pack)", '<a rel="nofollow" data-pack-link href="/visit-pack">My pack</a>'),
        ("<b>**<i>**", "&lt;b&gt;<b>&lt;i&gt;</b>"),
        ('[x](https://a"onclick=")', '<a rel="noreferrer" href="https://a&#34;onclick=&#34;">x</a>'),
    ],
)
def test_a_line_is_set_with_its_marks_and_without_html(app: Flask, line: str, html: str) -> None:
    with app.test_request_context():
        assert inline(line) == html


def test_links_to_pages_of_the_site_stay_below_its_root(app: Flask) -> None:
    with app.test_request_context(environ_overrides={"SCRIPT_NAME": "/es"}):
        assert inline("[start](/start)") == '<a href="/es/start">start</a>'
        assert 'href="https://n.org"' in inline("[n](https://n.org)")


def test_a_long_line_full_of_unfinished_marks_is_read_once() -> None:
    """With a rule that looks for the end of each mark, this would take minutes."""
    line = "[" * 50_000 + "[a](" * 50_000 + "*a " * 50_000
    assert [piece.text for piece in pieces(line)] == [line]
