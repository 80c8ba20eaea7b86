"""A page that fails, and a request with something private wherever a visitor can put it."""

from flask import Flask, request

ADDRESS = "ana@example.org"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def add_failing_page(app: Flask) -> None:
    """Add a page that repeats in its error all that it was sent."""

    @app.route("/failing/<token>", methods=["POST"])
    def fail(token: str) -> str:
        sent = [token, *request.args.values(), *request.form.values(), *request.cookies.values()]
        raise RuntimeError(
            f"it went wrong with {sent!r} {sent[-1]} {request.remote_addr} {request.full_path} {ADDRESS}"
        )


def send_everything(app: Flask) -> None:
    """Ask for the page that fails."""
    app.test_client(use_cookies=False).post(
        "/failing/private-token?q=private+words&page=7",
        data={"message": "private “quotes”\nand it's private"},
        headers={
            "Referer": "http://localhost/private-page",
            "Sec-Fetch-Site": "same-origin",
            "User-Agent": "Mozilla/5.0",
            "X-Request-ID": "0123456789abcdef",
            "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
            "tracestate": "vendor=private",
        },
        environ_overrides={"REMOTE_ADDR": "203.0.113.7", "HTTP_COOKIE": "session=private-cookie"},
    )
