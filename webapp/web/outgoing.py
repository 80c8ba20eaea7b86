"""Requests to other servers, whose answers have to be complete by a deadline and may not be too long."""

import http.client
import io
import socket
import urllib.request
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

_CHUNK = 65_536


class TooLong(http.client.HTTPException):
    """The answer is longer than allowed."""


def open_until(
    deadline: float,
    request: urllib.request.Request,
    redirects: urllib.request.HTTPRedirectHandler,
    connect_seconds: float,
) -> Any:
    """Open a request whose answer has to be complete, with its headers, by ``deadline``, a time of ``time.monotonic()``.

    Raises OSError or HTTPException, as reading the answer does.
    """
    return urllib.request.build_opener(_Handler(deadline), redirects).open(request, timeout=connect_seconds)


def read_all(answer: Any, most_bytes: int) -> bytes:
    """Read an answer to its end. Raises TooLong, and IncompleteRead for an answer that breaks off."""
    body = bytearray()
    while chunk := answer.read1(_CHUNK):
        body += chunk
        if len(body) > most_bytes:
            raise TooLong(f"longer than {most_bytes:,} bytes")
    if answer.length:  # read1() says nothing of an answer that breaks off
        raise http.client.IncompleteRead(bytes(body), answer.length)
    return bytes(body)


class _Handler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens connections whose answers have to be complete by a deadline."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self.deadline = deadline

    def do_open(self, http_class: Callable[..., Any], req: Any, **options: Any) -> Any:
        def connection(*where: Any, **how: Any) -> Any:
            made = http_class(*where, **how)
            made.response_class = partial(_Response, self.deadline)
            return made

        return super().do_open(connection, req, **options)


class _Response(http.client.HTTPResponse):
    def __init__(self, deadline: float, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp: Any = io.BufferedReader(_UntilDeadline(deadline, sock, self.fp))


class _UntilDeadline(io.RawIOBase):
    """Reads from a socket until a deadline. The socket's own time-out would begin anew with each byte."""

    def __init__(self, deadline: float, sock: socket.socket, file: Any) -> None:
        self.deadline, self.sock, self.file = deadline, sock, file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self.sock.settimeout(left)
        read: int | None = self.file.raw.readinto(buffer)
        return read

    def close(self) -> None:
        self.file.close()
        super().close()
