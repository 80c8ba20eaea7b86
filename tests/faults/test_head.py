"""HEAD answers as GET does, so that a cache that checks by HEAD keeps its copy."""

import re

from tests.faults import fault
from tests.pages import PageClient


def test_a_compressed_page_has_the_same_mark_by_head(client: PageClient) -> None:
    commands = (fault("36-head-differs-from-get") / "look.txt").read_text(encoding="utf-8")
    (accepted,) = set(re.findall(r'"Accept-Encoding: (\w+)"', commands))
    whole, head = (
        client.flask.open("/", method=method, headers={"Accept-Encoding": accepted})
        for method in ("GET", "HEAD")
    )
    assert head.headers["Content-Encoding"] == accepted
    for name in ("ETag", "Content-Length", "Content-Encoding", "Vary"):
        assert head.headers[name] == whole.headers[name], name
