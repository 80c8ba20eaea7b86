"""Security and caching headers, the same for every page."""

from flask import Flask, Response, request

from webapp.config import Config
from webapp.web.compression import compress_response

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; manifest-src 'self'"
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}

PUBLIC = "public, max-age=0, must-revalidate"
PRIVATE = "no-store"
PRIVATE_PART = "/editor"


def init_app(app: Flask, config: Config) -> None:
    """Add the headers to every answer, errors included."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        # Browsers heed this only where it comes over https, so a proxy's word is enough to say it.
        if config.is_https or request.headers.get("X-Forwarded-Proto") == "https":
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        response.vary.update(("HX-Request", "Cookie", "Accept"))
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = PUBLIC if _is_public(response) else PRIVATE
        if request.method != "HEAD" and not request.path.startswith(PRIVATE_PART):
            # A page of the editor holds a secret (its form token) beside text from the address: compressed together,
            # the length of the answer would tell the secret bit by bit (BREACH).
            compress_response(request, response)
        if _is_public(response) and not response.is_streamed and response.headers["Cache-Control"] == PUBLIC:
            response.add_etag()
            response.make_conditional(request)
        return response


def never_store(response: Response) -> Response:
    """Mark an answer that is for one visitor or one moment only."""
    response.headers["Cache-Control"] = PRIVATE
    return response


def _is_public(response: Response) -> bool:
    """A page read by GET that is the same for everybody."""
    return (
        request.method in ("GET", "HEAD")
        and response.status_code == 200  # noqa: PLR2004
        and "Set-Cookie" not in response.headers
        and not request.path.startswith(PRIVATE_PART)
    )
