"""Where the settings are listed for people: the table in README.md and .env.example. Run this file to renew both."""

import re
from dataclasses import fields
from pathlib import Path

from webapp.config import Config

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
EXAMPLE = ROOT / ".env.example"
ROW = r"^\| `[A-Z_]+` \| .+ \|$"


def example() -> str:
    """All settings with their defaults, for a file that compose.yaml and systemd read."""
    lines = ["# All settings, with their defaults. Made from webapp/config.py by: python -m tests.settings"]
    for setting in fields(Config):
        lines += [
            "",
            f"# {setting.metadata['about']}",
            f"#{setting.name.upper()}={setting.metadata['default']}",
        ]
    return "\n".join(lines) + "\n"


def table() -> str:
    """The rows of README.md."""
    rows = []
    for setting in fields(Config):
        default = f"`{setting.metadata['default']}`" if setting.metadata["default"] else "–"
        rows.append(f"| `{setting.name.upper()}` | {default} | {setting.metadata['about']} |")
    return "\n".join(rows)


def readme() -> str:
    """README.md with the rows as they should be."""
    text = README.read_text(encoding="utf-8")
    first, *_, last = re.finditer(ROW, text, re.M)
    return text[: first.start()] + table() + text[last.end() :]


if __name__ == "__main__":
    EXAMPLE.write_text(example(), encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")
