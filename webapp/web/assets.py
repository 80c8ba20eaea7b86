"""Files that browsers load: those under static/ and those from locked packages, at addresses that name their content.

An address ``/assets/<hash>/<name>`` never changes its bytes, so browsers may store it for a year. Each file is read and hashed
once per process, and compressed once when it is first asked for, which costs ten times as much.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, request

from webapp.config import ROOT
from webapp.web.http import ENCODINGS, FILE_QUALITY, compressed

bp = Blueprint("assets", __name__)

STATIC = ROOT / "static"
FOREVER = "public, max-age=31536000, immutable"
MIMETYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".ttf": "font/ttf",
}
COMPRESSED = (".css", ".js", ".svg", ".ttf")

# name -> (package, path in it, sha256 of the file that was reviewed; a test compares)
PACKAGED = {
    "js/htmx.js": (
        "js_lib_htmx",
        "static/htmx/htmx.min.js",
        "491955cd1810747d7d7b9ccb936400afb760e06d25d53e4572b64b6563b2784e",
    ),
    "fonts/regular.ttf": (
        "fontpkg_atkinson_hyperlegible",
        "files/AtkinsonHyperlegible-Regular.ttf",
        "7fb917c89019896d0b52ee84b7cbb3304c18cb90b19a62f5e32712bd23e97669",
    ),
    "fonts/bold.ttf": (
        "fontpkg_atkinson_hyperlegible",
        "files/AtkinsonHyperlegible-Bold.ttf",
        "5a3b0c8cc8ca545155150b4512a1fa248298df121c50d6557e651e61fbdab92f",
    ),
    "fonts/italic.ttf": (
        "fontpkg_atkinson_hyperlegible",
        "files/AtkinsonHyperlegible-Italic.ttf",
        "021beda4d3c6edfc78872e436d74009f9a1bcb294331908fe5747c61d3dcc514",
    ),
}


@dataclass(frozen=True)
class Asset:
    """One file as it is."""

    name: str
    body: bytes

    @cached_property
    def hash(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:12]

    @cached_property
    def integrity(self) -> str:
        return "sha384-" + b64encode(hashlib.sha384(self.body).digest()).decode()

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix


@lru_cache(maxsize=256)
def get_asset(name: str) -> Asset:
    """The file of that name; raises FileNotFoundError."""
    if name in PACKAGED:
        package, path, _ = PACKAGED[name]
        return Asset(name, (files(package) / path).read_bytes())
    own = (STATIC / name).resolve()
    if not own.is_relative_to(STATIC) or own.suffix not in MIMETYPES or not own.is_file():
        raise FileNotFoundError(name)
    body = own.read_bytes()
    if name == "css/site.css":
        # It names fonts as /fonts/regular.ttf; browsers get the address with the hash.
        for font in (one for one in PACKAGED if one.startswith("fonts/")):
            body = body.replace(f'url("/{font}")'.encode(), f'url("{asset_url(font)}")'.encode())
    return Asset(name, body)


@lru_cache(maxsize=256)
def encoded(name: str, encoding: str) -> bytes:
    """The file in that encoding."""
    return compressed(get_asset(name).body, encoding, FILE_QUALITY)


@lru_cache(maxsize=256)
def asset_url(name: str) -> str:
    """The address of a file, which changes when its content does."""
    return f"/assets/{get_asset(name).hash}/{name}"


def asset_integrity(name: str) -> str:
    """The value of the ``integrity`` attribute of a script or style sheet."""
    return get_asset(name).integrity


@bp.get("/assets/<hash_>/<path:name>")
def show_asset(hash_: str, name: str) -> Response:
    """One file of the site's design, which browsers store for a year."""
    try:
        asset = get_asset(name)
    except FileNotFoundError:
        abort(404)
    if asset.hash != hash_:
        abort(404)
    return _respond(asset, FOREVER)


def well_known(name: str) -> Response:
    """A file at a fixed address (favicon, manifest), which browsers store for a day."""
    return _respond(get_asset(name), "public, max-age=86400")


def _respond(asset: Asset, cache_control: str) -> Response:
    encoding = request.accept_encodings.best_match(ENCODINGS)
    response = Response(asset.body, content_type=MIMETYPES[asset.suffix])
    if encoding is not None and asset.suffix in COMPRESSED:
        response.set_data(encoded(asset.name, encoding))
        response.headers["Content-Encoding"] = encoding
    response.headers["Cache-Control"] = cache_control
    response.vary.add("Accept-Encoding")
    return response
