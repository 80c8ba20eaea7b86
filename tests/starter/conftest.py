"""The starter library, read once for all tests of its texts."""

import pytest

from tests.factories import STARTER
from webapp.content.article_content import ArticleContent, from_toml


@pytest.fixture(scope="session")
def library() -> list[ArticleContent]:
    files = sorted((STARTER / "articles").glob("*.toml"))
    return [from_toml(file.read_text(encoding="utf-8"), ArticleContent) for file in files]
