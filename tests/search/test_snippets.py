"""Which passage of a text a result shows."""

from webapp.search.snippets import snippet
from webapp.search.words import stems

FILLER = "Nothing of note was seen in this part of the study. " * 8


def test_the_passage_is_where_the_words_stand_close_together() -> None:
    text = f"Pain was rare. {FILLER}Sleep was long. {FILLER}Pain and sleep went together."
    highlighted = [frozenset(stems(word)) for word in ("pain", "sleep")]
    passage = snippet([text], highlighted)
    assert passage.text.endswith("Pain and sleep went together.")
    assert [passage.text[start:end] for start, end in passage.spans] == ["Pain", "sleep"]
