"""nginx for benchmarks: the site's own configuration over its page files, beside a bare server of files of equal size."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from serving import ROOT, Page, Server, children_of, free_port, serving

CONF = ROOT / "deploy" / "nginx.conf"
MISSING = "nginx is missing, so its line is left out: apt-get install nginx-light"


def nginx() -> str | None:
    """The program, if it is there."""
    found = shutil.which("nginx") or "/usr/sbin/nginx"
    return found if Path(found).exists() else None


@dataclass(frozen=True)
class Front:
    """One nginx with two servers: the site's, and one that does nothing but serve the files of ``folder``."""

    site: Server
    bare: Server
    folder: Path

    def is_file(self, page: Page) -> bool:
        """Is a page of the site a file, the second time? nginx's own mark of a file looks like 65f0c1a2-3d4."""
        for _ in range(2):
            with closing(HTTPConnection("127.0.0.1", self.site.port, timeout=60)) as connection:
                connection.request("GET", page.path, headers={"Accept": "text/html", "Accept-Encoding": "br"})
                mark = connection.getresponse().headers["ETag"] or ""
        return re.fullmatch(r'"[0-9a-f]+-[0-9a-f]+"', mark) is not None

    def file_of(self, byte_count: int) -> Page:
        """A new file of the bare server."""
        name = f"{byte_count}.html"
        (self.folder / name).write_bytes(os.urandom(byte_count))
        return Page("static", f"/{name}")


@contextmanager
def front(program: str, folder: Path, pages: Path, site_port: int) -> Iterator[Front]:
    """nginx before a site, for as long as the block lasts; its own files are in ``folder``."""
    own, bare = free_port(), free_port()
    static = folder / "static"
    static.mkdir()
    file = folder / "nginx.conf"
    file.write_text(_written(folder, pages, site_port, own, bare), encoding="utf-8")
    with serving([program, "-c", str(file), "-e", "stderr"], {}, own, folder) as pid:
        yield Front(Server(own, children_of(pid)), Server(bare, children_of(pid)), static)


def _written(folder: Path, pages: Path, site_port: int, own: int, bare: int) -> str:
    """The configuration as it is delivered, with other ports and folders, and as little round it as a fresh Debian has."""
    site = CONF.read_text(encoding="utf-8")
    for delivered, wanted in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{site_port};"),
        ("listen 80;", f"listen 127.0.0.1:{own};"),
        ("/var/lib/scrh/pages", str(pages)),
    ):
        assert delivered in site, delivered
        site = site.replace(delivered, wanted)
    temporary = " ".join(
        f"{name}_temp_path {folder}/nginx-{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"{user} daemon off; pid {folder}/nginx.pid; worker_processes 1; events {{ }}\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; {temporary}\n{site}\n"
        f"server {{ listen 127.0.0.1:{bare}; root {folder}/static; default_type text/html; }} }}\n"
    )
