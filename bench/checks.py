"""What the checks say of the starter texts, with the texts of their papers, which are not part of the project.

    python bench/checks.py FILE [--ai] [--list]

FILE holds one paper a line, as JSON: title, abstract, and fulltext, which may be missing. Prints how often each check speaks, how
the numbers were found, and milliseconds of processor time per text; ``--list`` prints each problem and each number not found.
``--ai`` reads the texts as if a language model had written them, and counts only what the checks of such texts add.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path
from time import process_time

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.factories import STARTER
from webapp.content.ai_checks import ai_errors
from webapp.content.ai_text import AiText
from webapp.content.article_content import ArticleContent, from_toml
from webapp.content.checks import errors, warnings
from webapp.content.number_check import numbers
from webapp.content.source_text import source_text
from webapp.models import PaperPart, PaperSection
from webapp.papers.ai_drafting import Drafted


def main(file: str, *, is_ai: bool, is_long: bool) -> None:
    """Check all texts, and print the counts."""
    rows = map(json.loads, Path(file).read_text(encoding="utf-8").splitlines())
    papers = {row["title"]: row for row in rows}
    said, traces, times = Counter[str](), Counter[str](), list[float]()
    for path in sorted((STARTER / "articles").glob("*.toml")):
        article = from_toml(path.read_text(encoding="utf-8"), ArticleContent)
        stored = papers.get(article.paper.title, {})
        paper = msgspec.structs.replace(article.paper, abstract=stored.get("abstract") or "")
        article = msgspec.structs.replace(article, paper=paper)
        text = stored.get("fulltext")
        sections = (PaperSection(PaperPart.FULL_TEXT, text, "Results"),) if text else ()
        begun = process_time()
        problems = [*errors(article, sections), *warnings(article, sections)]
        if is_ai:
            written = {name: getattr(article, name) for name in Drafted.__struct_fields__}
            found = ai_errors(article, AiText([written], []), sections)
            problems = [one for one in found if one not in problems and not one.field.endswith("-quote")]
        times.append(1000 * (process_time() - begun))
        for problem in problems:
            said[re.sub(r"“.*?”|find .* in", "…", problem.message)] += 1
            if is_long:
                print(f"{path.stem}, {problem.field}: {problem.message} {problem.sentence}")
        traces.update(row.trace for row in numbers(article, source_text(paper, sections)))
    for message, count in said.most_common():
        print(f"{count:5}  {message}")
    print(", ".join(f"{trace.lower()} {count}" for trace, count in traces.most_common()))
    print(f"{sum(times) / len(times):.0f} ms a text, the slowest {max(times):.0f} ms")


if __name__ == "__main__":
    files = [argument for argument in sys.argv[1:] if argument not in ("--ai", "--list")]
    if len(files) != 1:
        print("usage: python bench/checks.py FILE [--ai] [--list]")
        sys.exit(2)
    main(files[0], is_ai="--ai" in sys.argv, is_long="--list" in sys.argv)
