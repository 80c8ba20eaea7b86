"""Logos: small pictures, and drawings that hold nothing but shapes."""

import io
import struct
import zlib

import pytest
from PIL import Image

from webapp.content.logos import LogoRefused, read_logo

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 8 8">'


def svg(inside: str) -> bytes:
    return f"{HEAD}{inside}</svg>".encode()


def png(size: tuple[int, int] = (8, 8)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, "PNG")
    return out.getvalue()


def bomb() -> bytes:
    """The head of a picture that would take 40 GB."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))


def test_shapes_stay_and_comments_go() -> None:
    logo = read_logo(
        svg('<!-- made with --><g fill="none" clip-path="url(#a)"><path id="a" d="M0 0h8"/></g>')
    )
    assert logo.kind == "svg"
    assert b"made with" not in logo.body and b'<path id="a" d="M0 0h8"' in logo.body
    assert logo.body.startswith(b'<svg xmlns="http://www.w3.org/2000/svg"')


def test_a_picture_is_written_anew() -> None:
    logo = read_logo(png() + b"<script>alert(1)</script>")
    assert logo.kind == "png" and b"script" not in logo.body


@pytest.mark.parametrize(
    "body",
    [
        svg("<script>alert(1)</script>"),
        svg("<foreignObject/>"),
        svg("<style>@import url(//example.org)</style>"),
        svg("<image href='https://example.org/a.png'/>"),
        svg("<use xlink:href='#a'/>"),
        svg("<a href='javascript:alert(1)'><path d='M0 0'/></a>"),
        svg("<path d='M0 0' onclick='alert(1)'/>"),
        svg("<path d='M0 0' style='fill:red'/>"),
        svg("<path d='M0 0' fill='url(https://example.org/#a)'/>"),
        svg("<path xlink:href='#a' d='M0 0'/>"),
        svg("<path xmlns='http://www.w3.org/1999/xhtml' d='M0 0'/>"),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("<title>&a;</title>"),
        b"<svg viewBox='0 0 8 8'/>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"<html/>",
        b"",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="made-up"?><svg/>',
        b"\x89PNG nothing",
        png()[:40],
        png((1_025, 8)),
        bomb(),
        b" " * 100_001,
    ],
)
def test_anything_else_is_refused_in_a_sentence(body: bytes) -> None:
    with pytest.raises(LogoRefused, match=r"^\S.*\.$"):
        read_logo(body)
