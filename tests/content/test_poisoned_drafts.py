"""Drafts of a language model with a fault each: checks stop them as errors, which no reason can overrule."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.factories import content
from webapp.content.ai_checks import ai_errors
from webapp.content.ai_text import AiText
from webapp.content.article_content import ArticleContent
from webapp.content.checks import errors
from webapp.models.values import Finding, Implication

DATA = tomllib.loads(Path(__file__).with_name("poisoned_drafts.toml").read_text(encoding="utf-8"))
POISONS = DATA["poisons"]
WRITTEN = (
    "plain_title", "main_message", "simple_explanation", "findings", "harms", "research_summary", "implications", "limitations", "result",
)  # fmt: skip


def drafted(name: str, changes: dict[str, str]) -> tuple[ArticleContent, AiText]:
    """The draft about one of the papers, with some of its fields changed, all of it written by a model."""
    paper = DATA[name]
    fields: dict[str, Any] = paper["draft"] | changes
    place = "Abstract"
    fields |= {
        "findings": [
            Finding(text=fields.pop("finding"), place=place, quote=fields.pop("quote")),
            Finding(text=fields.pop("second"), place=place, quote=fields.pop("second_quote")),
        ],
        "implications": [Implication(title="What it means", text=fields["implications"])],
        "limitations": [fields["limitations"]],
    }
    settings = {key: paper[key] for key in ("result", "subject", "study_kind")}
    made = msgspec.to_builtins(
        content(
            paper={"title": f"A study of {name}", "abstract": paper["abstract"]},
            written_by="AI (some-model) from the abstract",
        )
    )
    text = msgspec.convert(made | settings | msgspec.to_builtins(fields), ArticleContent)
    return text, AiText([{field: getattr(text, field) for field in WRITTEN}], [])


def messages(name: str, changes: dict[str, str]) -> list[str]:
    text, ai = drafted(name, changes)
    return [problem.message for problem in (*errors(text), *ai_errors(text, ai))]


def test_forty_drafts_are_poisoned_and_two_at_most_are_not_seen() -> None:
    assert len(POISONS) == 40
    assert len([poison for poison in POISONS if poison.get("is_seen", True)]) >= 38


@pytest.mark.parametrize("name", ["trial", "rats", "link"])
def test_the_draft_passes_without_a_fault(name: str) -> None:
    assert messages(name, {}) == []


@pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison["what"])
def test_a_poisoned_draft_is_stopped(poison: dict[str, Any]) -> None:
    found = messages(poison["text"], poison["fields"])
    if poison.get("is_seen", True):
        assert [message for message in found if poison["message"] in message]
    else:
        assert found == []
