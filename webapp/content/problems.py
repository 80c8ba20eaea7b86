"""What checks find, and the article's own texts in which they look for it."""

import re
from dataclasses import dataclass

from webapp.content.article_content import ArticleContent

_QUOTES = re.compile("“.*”", re.DOTALL)  # up to the last mark: a quoted sentence may hold quotes itself


@dataclass(frozen=True)
class Problem:
    """One thing a check found: its field, a message that says what to do, and the sentence it is about, if it is about one."""

    field: str
    message: str
    sentence: str = ""

    @property
    def key(self) -> str:
        """Identify a warning by field, message and sentence, so that an accepted one comes back when any of them changes.

        The message names the number, word or grade. Rows may be moved: their position does not count.
        """
        name = self.field.partition("-")[0].replace("_", " ").capitalize()
        return f"{name}: {self.message}" + (f" “{self.sentence}”" if self.sentence else "")

    @property
    def kind(self) -> str:
        """The message without what it quotes, which may be from the private text of a paper."""
        return _QUOTES.sub("“…”", self.message)


def own_texts(content: ArticleContent) -> list[tuple[str, str]]:
    """The article's own running texts in page order, each with its field's name."""
    return [
        ("plain_title", content.plain_title),
        ("main_message", content.main_message),
        ("simple_explanation", content.simple_explanation),
        *((f"findings-{i}-text", finding.text) for i, finding in enumerate(content.findings)),
        ("harms", content.harms),
        ("research_summary", content.research_summary),
        *((f"implications-{i}-text", implication.text) for i, implication in enumerate(content.implications)),
        *((f"limitations-{i}", text) for i, text in enumerate(content.limitations)),
    ]
