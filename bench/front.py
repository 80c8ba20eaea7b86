"""nginx for benchmarks: the site's own configuration, and a bare server of files of equal size."""

import os
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
    """One nginx with two servers: the site's, which keeps pages in ``kept``, and a bare one of the files in ``folder``."""

    site: Server
    bare: Server
    kept: Path
    folder: Path

    def is_kept(self, page: Page) -> bool:
        """Does nginx keep this page, once it was asked for several times?"""
        with closing(HTTPConnection("127.0.0.1", self.site.port, timeout=60)) as connection:
            for _ in range(20):
                connection.request("GET", page.path, headers={"Accept": "text/html", "Accept-Encoding": "br"})
                connection.getresponse().read()
        line = f"://127.0.0.1{page.path}\n".encode()  # of the key, which stands in the file
        return any(line in file.read_bytes() for file in self.kept.iterdir())

    def file_of(self, byte_count: int) -> Page:
        """A new file of the bare server."""
        name = f"{byte_count}.html"
        (self.folder / name).write_bytes(os.urandom(byte_count))
        return Page("static", f"/{name}")


@contextmanager
def front(program: str, folder: Path, site_port: int) -> Iterator[Front]:
    """nginx before a site, for as long as the block lasts; its own files are in ``folder``."""
    own, bare = free_port(), free_port()
    static = folder / "static"
    static.mkdir()
    file = folder / "nginx.conf"
    file.write_text(_written(folder, site_port, own, bare), encoding="utf-8")
    with serving([program, "-c", str(file), "-e", "stderr"], {}, own, folder) as pid:
        # The cache loader ends after a minute, and has nothing to load.
        workers = [child for child in children_of(pid) if b"cache loader" not in _command_of(child)]
        yield Front(Server(own, workers), Server(bare, workers), folder / "kept", static)


def _command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _written(folder: Path, site_port: int, own: int, bare: int) -> str:
    """The configuration as it is delivered, with other ports and folders, and as little round it as a fresh Debian has."""
    site = CONF.read_text(encoding="utf-8")
    for delivered, wanted in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{site_port};"),
        ("listen 80;", f"listen 127.0.0.1:{own};"),
        ("/run/scrh-pages", f"{folder}/kept"),
        ("/var/log/nginx/", f"{folder}/"),
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
