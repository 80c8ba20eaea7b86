"""The form that takes papers from a file or from the clipboard."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import TextAreaField


class ImportForm(FlaskForm):
    """A file, or text."""

    file = FileField("File")
    text = TextAreaField("Or paste the records here")

    def source(self) -> bytes | str:
        """Read the file, else the text."""
        if not self.file.data:
            return self.text.data or ""
        with self.file.data.stream as stream:
            found: bytes = stream.read()
        return found
