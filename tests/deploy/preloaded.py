"""The commands of a site as forks of one process that has imported its code: importing is most of what a short command does.

Run as a program, this file passes a command's arguments, folder, environment, umask and open files on to a fork of that process,
which becomes the calling user and returns the command's exit status. Only code that was imported can be used in this way: a site with
another commit than this one starts Python for each command, as everywhere else.
"""

import json
import os
import signal
import socket
import struct
import sys
from pathlib import Path

MOST = 200_000  # bytes of a request
CREDENTIALS = struct.Struct("3i")  # process, user and group of the caller


def ask(address: str, arguments: list[str]) -> int:
    """Have a command run; returns its exit status."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(address)
        umask = os.umask(0)
        asked = {
            "arguments": arguments,
            "folder": str(Path.cwd()),
            "environment": dict(os.environ),
            "umask": umask,
        }
        socket.send_fds(connection, [json.dumps(asked).encode()], [0, 1, 2])
        return int(connection.recv(10) or b"1")


def serve(address: str, site: str) -> None:
    """Import the code of a site, and run its commands until this process is ended."""
    sys.path[0] = site
    from sqlalchemy.orm import configure_mappers  # noqa: PLC0415

    import webapp  # noqa: PLC0415

    assert Path(webapp.__file__).is_relative_to(site)
    configure_mappers()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        Path(address).chmod(0o666)
        listener.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who answer
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                return _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> None:
    """Run the requested command in a process of its own, and send back its exit status."""
    message, files, _, _ = socket.recv_fds(connection, MOST, 3)
    _, user, group = CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    )
    command = os.fork()
    if command:
        connection.send(str(os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]) & 255).encode())
        os._exit(0)
    connection.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    asked = json.loads(message)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    os.umask(asked["umask"])
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["flask", *asked["arguments"]]
    from flask import cli  # noqa: PLC0415

    cli.main()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        sys.exit(ask(sys.argv[2], sys.argv[3:]))
