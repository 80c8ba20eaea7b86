"""Renews the catalog of each language from code, templates and data files: ``python -m webapp.languages``.

What is translated stays. A message that is gone stays too, at the end of the file, in case its words come back.
"""

from webapp.languages.catalogs import renew
from webapp.languages.language import known_languages

for language in known_languages().values():
    if language.folder is not None:
        print(renew(language))  # noqa: T201
