"""Servers for benchmarks, and a client that costs little: raw requests over kept connections."""

import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AS_A_BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
START_SECONDS = 60
IDLE = 0.05  # seconds of processor time in one second
CORES = os.sched_getaffinity(0)  # of the whole benchmark


@dataclass(frozen=True)
class Server:
    """A server that runs: where, and the processes that do its work."""

    port: int
    pids: list[int]


@dataclass(frozen=True)
class Page:
    """What is asked for; ``headers`` are whole lines."""

    name: str
    path: str
    headers: str = ""


@dataclass(frozen=True)
class Load:
    """What a server did under load: requests, seconds of its own processor time, and each answer's milliseconds."""

    requests: int
    cpu_seconds: float
    times: list[float]
    byte_count: int  # of one answer's body

    @property
    def per_core(self) -> float:
        """Requests per second of processor time: per second on one core, whatever the client took."""
        return self.requests / self.cpu_seconds if self.cpu_seconds else float("inf")


@dataclass(frozen=True)
class Memory:
    """Megabytes of a process: all that it can reach, and its share, in which what several reach is divided among them."""

    resident: float
    share: float


@contextmanager
def serving(command: list[str], environ: dict[str, str], port: int, folder: Path) -> Iterator[int]:
    """A server for as long as the block lasts; yields its process id once it answers."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=os.environ | environ, cwd=folder, stdout=quiet, stderr=quiet)
    _keep_to_one_core(process.pid)
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _keep_to_one_core(pid: int) -> None:
    """Give a server, with all that it will start, the first core, and the client the others.

    On several, the threads of one Python process wake each other on other cores all the time and get no more done by it:
    what one core can do would be halved, by how much varies with what else the machine does.
    """
    first, *others = sorted(CORES)
    if others:
        os.sched_setaffinity(pid, {first})
        os.sched_setaffinity(0, set(others))


def site_command() -> list[str]:
    """How the site is served."""
    return [sys.executable, "-m", "gunicorn", "-c", "python:webapp.gunicorn_conf", "wsgi:app"]


def plain_command(application: str, port: int) -> list[str]:
    """How an application of these benchmarks is served, on as many threads as the site."""
    return [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads", "8",
            "--no-control-socket", "--keep-alive", "60", application]  # fmt: skip


def load(server: Server, page: Page, connections: int, seconds: float) -> Load:
    """Ask for one page over and over for some seconds. The answers must all have the same length."""
    head = f"GET {page.path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{AS_A_BROWSER}"
    request = f"{head}{page.headers}\r\n".encode()
    body_length, length = _lengths(server.port, request)
    cpu = sum(map(_cpu_seconds, server.pids))
    times = _ask(server.port, request, length, connections, seconds)
    return Load(len(times), sum(map(_cpu_seconds, server.pids)) - cpu, times, body_length)


def children_of(pid: int) -> list[int]:
    """The workers of a server that has begun to listen, once it has any."""
    for _ in range(START_SECONDS * 10):
        if found := Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
            return [int(one) for one in found]
        time.sleep(0.1)
    sys.exit("A server has no workers.")


def settle(pids: list[int]) -> None:
    """Wait until processes have nothing left to do from their start."""
    for _ in range(START_SECONDS):
        before = sum(map(_cpu_seconds, pids))
        time.sleep(1)
        if sum(map(_cpu_seconds, pids)) - before < IDLE:
            return
    sys.exit("A server does not come to rest.")


def memory_of(pid: int) -> Memory:
    """What a process holds."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    found = {name: int(amount.split()[0]) / 1000 for name, amount in (line.split(":") for line in lines)}
    return Memory(resident=found["Rss"], share=found["Pss"])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _ask(port: int, request: bytes, length: int, connections: int, seconds: float) -> list[float]:
    """Milliseconds of each answer; every connection has one request under way all the time."""
    waiting = selectors.DefaultSelector()
    open_ = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    since: dict[socket.socket, float] = {}
    missing: dict[socket.socket, int] = {}
    for one in open_:
        waiting.register(one, selectors.EVENT_READ)
        one.sendall(request)
        since[one], missing[one] = time.perf_counter(), length
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for one in [key.fileobj for key, _ in waiting.select(1) if isinstance(key.fileobj, socket.socket)]:
            got = len(one.recv(1 << 18))
            assert got, "the server closed a connection"
            missing[one] -= got
            if missing[one] <= 0:
                assert missing[one] == 0, "answers differ in length"
                now = time.perf_counter()
                times.append((now - since[one]) * 1000)
                one.sendall(request)
                since[one], missing[one] = now, length
    for one in open_:
        one.close()
    return times


def _lengths(port: int, request: bytes) -> tuple[int, int]:
    """Bytes of the body and of the whole answer, once it is the same twice."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        sizes = [_one_answer(one, request) for _ in range(3)]
    assert sizes[1] == sizes[2], sizes
    return sizes[2]


def _one_answer(one: socket.socket, request: bytes) -> tuple[int, int]:
    one.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += one.recv(1 << 16)
    head = answer[: answer.index(b"\r\n\r\n") + 4]
    assert head.startswith(b"HTTP/1.1 200"), head
    body = int(
        next(
            line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
    )
    while len(answer) < len(head) + body:
        answer += one.recv(1 << 16)
    return body, len(answer)


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process, ended threads too, to the nanosecond: a tick of /proc is long for a fast server."""
    return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) makes of a process on Linux


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(START_SECONDS * 10):
        if process.poll() is not None:
            sys.exit(f"A server ended at its start: {process.args!r}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("A server did not start.")
