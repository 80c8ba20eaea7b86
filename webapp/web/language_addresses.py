"""Addresses in other languages: /es/answers is /answers in Spanish, as if the site were mounted at /es (``SCRIPT_NAME``).

So no route is doubled, and the addresses on a page stay in its language by themselves. What is for editors, and files that
are the same in each language, have their plain addresses only.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from webapp.languages.extraction import script_messages
from webapp.languages.language import (
    ENGLISH,
    Language,
    current_language,
    gettext,
    in_language,
    known_languages,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PLAIN = re.compile(
    r"/(editor|review|assets|livez|readyz|metrics|\.well-known)(/.*)?"
    r"|.*\.(ris|bib|json|jsonl|csv|png|svg|xml|txt|js|ico|webmanifest)",
    re.DOTALL,
)


def init_app(app: Flask) -> None:
    """Answer addresses of all languages, and tell templates which language a page is in."""
    app.wsgi_app = LanguageAddresses(app.wsgi_app)  # type: ignore[method-assign]
    app.jinja_env.globals.update(
        language=current_language,
        languages=lambda: list(known_languages().values()),
        script_words=lambda: {message: gettext(message) for message in script_messages()},
    )


class LanguageAddresses:
    """WSGI middleware: takes the language off the front of the path, and answers in it."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        language, path = language_of(environ["PATH_INFO"])
        if language is ENGLISH:
            return self._application(environ, start_response)
        if not path:
            start_response("301 MOVED PERMANENTLY", [("Location", f"{language.prefix}/")])
            return ()
        mounted = {"SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + language.prefix, "PATH_INFO": path}
        with in_language(language):
            return self._application(environ | mounted, start_response)


def language_of(path: str) -> tuple[Language, str]:
    """The language of a path, and what comes after it: /es/answers is Spanish, and /answers."""
    code = path.partition("/")[2].partition("/")[0]  # "OPTIONS *" has none
    language = known_languages().get(code, ENGLISH)
    rest = path.removeprefix(language.prefix)
    return (ENGLISH, path) if language is ENGLISH or _PLAIN.fullmatch(rest) else (language, rest)


def without_language(address: str) -> str:
    """An address as ``url_for`` made it in the current language; of what has no address in it, the plain one."""
    prefix = current_language().prefix
    path = address.removeprefix(prefix)
    return path if prefix and _PLAIN.fullmatch(path.partition("?")[0]) else address
