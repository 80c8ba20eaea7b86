"""Faults planted in summaries that are right: each is stopped by the check that names it."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.factories import content
from webapp.content.article_content import ArticleContent
from webapp.content.checks import errors, warnings
from webapp.models.values import Finding, Implication

DATA = tomllib.loads(Path(__file__).with_name("planted_faults.toml").read_text(encoding="utf-8"))


def summary(name: str, changes: dict[str, str]) -> ArticleContent:
    """The summary of one of the papers, with some of its fields changed."""
    fields: dict[str, Any] = DATA[name]["fields"] | changes
    others = "Others took part in both groups."
    fields |= {
        "findings": [Finding(text=text, place="Abstract") for text in (fields["findings"], others)],
        "implications": [Implication(title="What it means", text=fields["implications"])],
        "limitations": [fields["limitations"]],
    }
    settings = {"subject": "people", "result": DATA[name]["result"]} | {
        key: DATA[name][key] for key in ("subject",) if key in DATA[name]
    }
    paper = {"title": f"A study of {name}", "abstract": DATA[name]["abstract"]}
    paper["read_from"] = DATA[name].get("read_from", "full-text")
    made = msgspec.to_builtins(content(paper=paper))
    return msgspec.convert(made | settings | msgspec.to_builtins(fields), ArticleContent)


def messages(text: ArticleContent) -> list[str]:
    return [problem.message for problem in (*errors(text), *warnings(text))]


@pytest.mark.parametrize("name", ["trial", "rats"])
def test_the_summary_passes_without_a_fault(name: str) -> None:
    assert messages(summary(name, {})) == []


@pytest.mark.parametrize("fault", DATA["faults"], ids=lambda fault: fault["message"][:40])
def test_a_planted_fault_is_stopped(fault: dict[str, Any]) -> None:
    assert [one for one in messages(summary(fault["text"], fault["fields"])) if fault["message"] in one]
