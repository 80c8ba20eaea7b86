"""What checks find."""

import re
from dataclasses import dataclass

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
