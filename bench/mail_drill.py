"""Kills the mailer again and again while a difficult mail server takes an issue, and counts what arrived.

    python bench/mail_drill.py [--mails 2000] [--kills 57] [--seed 1]

Two ``flask newsletter deliver`` at a time work against a real SMTP server that delays, answers 4xx and 5xx,
hangs up before and after it took a mail, and is killed too. After each kill, what a mailer left half way is settled
by the server's log, as an operator would. The last line is the result; the exit code is 0 only if it is perfect.
"""

import argparse
import asyncio
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

DELIVER = ("newsletter", "deliver")
MAILERS = 2
MAILS_A_SECOND = 25  # about what the two of them get through this server
REFUSED_EACH = 100  # one mailbox in so many does not exist


class DifficultServer:
    """Takes mail into a log of Message-IDs that is on disk before it answers 250."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.random = random.Random()

    async def handle_RCPT(
        self, server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("refused"):
            return "550 5.1.1 no such mailbox"
        if self.random.random() < 0.03:
            return "451 4.7.1 greylisted"
        if self.random.random() < 0.02:
            server.transport.close()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.random.uniform(0, 0.01))
        fate = self.random.random()
        if fate < 0.02:
            return "452 4.3.1 too busy"
        if fate < 0.03:
            server.transport.close()
            return "250 never heard"
        self._take(envelope.original_content)
        if fate < 0.04:
            server.transport.close()
        await asyncio.sleep(self.random.uniform(0, 0.01))
        return "250 OK"

    def _take(self, content: bytes) -> None:
        found = re.search(rb"^Message-ID: (\S+)", content, re.MULTILINE)
        with self.log.open("ab") as file:
            file.write((found.group(1) if found else b"no Message-ID") + b"\n")
            file.flush()
            os.fsync(file.fileno())


class Drill:
    """One run: the folder it lives in, the processes it starts and kills, and what it has counted."""

    def __init__(self, folder: Path, mails: int, seed: int) -> None:
        self.log = folder / "server.log"
        self.log.touch()
        self.port = _free_port()
        self.mails = mails
        self.random = random.Random(seed)
        self.kills = 0
        self.server_kills = 0
        self.server = self._start_server()
        from tests.drills.site import Site  # noqa: PLC0415 - the mail server, which this file is too, starts without it

        self.site = Site(folder, SMTP_URL=f"smtp://127.0.0.1:{self.port}")

    def run(self, kills: int) -> bool:
        """Queue an issue, kill until there were enough kills and nothing is left to send; True if perfect."""
        os.environ.update(self.site.environment)
        from webapp import create_app  # noqa: PLC0415  (reads the environment that was just set)

        app = create_app()
        with app.app_context():
            self._queue()
            while self.kills < kills or self._open_count():
                self._round(self._moments(kills))
                self._settle()
            return self._report()

    def stop(self) -> None:
        """End the mail server."""
        self.server.kill()
        self.server.wait()

    def _moments(self, kills: int) -> list[float]:
        """After how many more seconds of work each mailer of a round is killed: so that the mails last for all kills."""
        each = self._open_count() / max(1, kills - self.kills)
        count = min(MAILERS, kills - self.kills)
        return [self.random.uniform(0, 2 * each / MAILS_A_SECOND) for _ in range(count)]

    def _queue(self) -> None:
        from tests.factories import add_article, add_categories  # noqa: PLC0415
        from webapp.db import engine  # noqa: PLC0415
        from webapp.db.session import Base, db  # noqa: PLC0415
        from webapp.models import Frequency, Subscriber, SubscriberState  # noqa: PLC0415
        from webapp.newsletter import digests  # noqa: PLC0415
        from webapp.web import tokens  # noqa: PLC0415

        now = datetime.now(UTC)
        Path(self.site.environment["INSTANCE_PATH"]).mkdir(exist_ok=True)
        engine.create_file(db.engine)
        Base.metadata.create_all(db.engine)
        add_categories()
        add_article(now=now - timedelta(hours=1))
        for number in range(self.mails):
            name = "refused" if number % REFUSED_EACH == 0 else "reader"
            db.session.add(
                Subscriber(
                    key=tokens.new_secret(),
                    email=f"{name}{number}@example.org",
                    state=SubscriberState.CONFIRMED,
                    topics=[],
                    consent_page="/subscribe",
                    consent_wording="A drill",
                    asked_at=now,
                    confirmed_at=now,
                )
            )
        db.session.flush()
        self.issue_number = digests.make_issue(Frequency.WEEKLY, now).id
        db.session.commit()

    def _round(self, moments: list[float]) -> None:
        """Let two mailers work, then kill them at moments of their own, and now and then the server.

        Without moments one mailer works until nothing is due.
        """
        if not moments:
            self.site.flask(*DELIVER)
            return
        mailers = [self.site.start_command(Path(os.devnull), *DELIVER) for _ in moments]
        self._wait_for_work()
        for mailer, moment in zip(mailers, moments, strict=True):
            time.sleep(moment)
            mailer.kill()
            mailer.join()
            self.kills += 1
        if self.random.random() < 0.25:
            self.stop()
            self.server_kills += 1
            self.server = self._start_server()
        time.sleep(0.2)  # the server finishes what it was told before the mailer died

    def _wait_for_work(self) -> None:
        """Until the first mail of this round arrived, or, when there may be none left, for a while."""
        size, deadline = self.log.stat().st_size, time.monotonic() + 15
        while self.log.stat().st_size == size and time.monotonic() < deadline and self._open_count():
            time.sleep(0.02)

    def _settle(self) -> None:
        """What the operator does after a crash: settle by the server's log. Then the waits before retries pass."""
        from sqlalchemy import update  # noqa: PLC0415

        from webapp.db.session import db  # noqa: PLC0415
        from webapp.mail import delivery, outbox  # noqa: PLC0415
        from webapp.mail.smtp import mailer_for  # noqa: PLC0415
        from webapp.models import MailState, OutboxMessage  # noqa: PLC0415

        self._check_accounting()
        later = datetime.now(UTC) + 2 * outbox.STALE_AFTER
        delivery.settle_stale(mailer_for(_config()), later)
        outbox.settle_uncertain(self.log.read_text().split(), datetime.now(UTC), rest_was_not_sent=True)
        now = datetime.now(UTC)
        queued = update(OutboxMessage).where(OutboxMessage.state == MailState.QUEUED)
        db.session.execute(queued.values(next_try_at=now))
        db.session.commit()
        self._check_accounting()

    def _check_accounting(self) -> None:
        from webapp.db.session import db  # noqa: PLC0415
        from webapp.newsletter import digests  # noqa: PLC0415

        db.session.rollback()
        counted = digests.accounting(digests.get_issue(self.issue_number))
        db.session.rollback()
        if not counted.is_right or counted.recipients != self.mails:
            sys.exit(f"the accounting is wrong: {counted}")
        print(f"{self.kills:3} kills: {counted}", flush=True)

    def _open_count(self) -> int:
        from webapp.db.session import db  # noqa: PLC0415
        from webapp.newsletter import digests  # noqa: PLC0415

        counted = digests.accounting(digests.get_issue(self.issue_number))
        db.session.rollback()
        return counted.queued + counted.uncertain

    def _report(self) -> bool:
        """Compare the server's log with the outbox, mail by mail."""
        from sqlalchemy import select  # noqa: PLC0415

        from webapp.db.session import db  # noqa: PLC0415
        from webapp.models import MailState, OutboxMessage  # noqa: PLC0415

        taken = Counter(self.log.read_text().split())
        rows = db.session.execute(
            select(
                OutboxMessage.message_id,
                OutboxMessage.state,
                OutboxMessage.recipient,
                OutboxMessage.last_error,
            )
        )
        states = {message_id: (state, recipient, error) for message_id, state, recipient, error in rows}
        doubled = sum(count - 1 for count in taken.values())
        lost = [
            message_id
            for message_id, (_, recipient, _) in states.items()
            if message_id not in taken and not recipient.startswith("refused")
        ]
        wrong = [
            message_id
            for message_id, (state, *_) in states.items()
            if (state == MailState.SENT) != (message_id in taken)
        ]
        for message_id in lost:
            print(f"lost: {states[message_id]}")
        print(
            f"the server was killed {self.server_kills} times; {len(wrong)} mails have a state that is not true"
        )
        print(f"{self.mails} mails, {self.kills} kills: {len(lost)} lost, {doubled} doubled", flush=True)
        return not lost and not doubled and not wrong

    def _start_server(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(Path(__file__).resolve()), "--serve", str(self.port), str(self.log)]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while socket.socket().connect_ex(("127.0.0.1", self.port)) != 0:
            time.sleep(0.05)
        return server


def _config() -> Any:
    from flask import current_app  # noqa: PLC0415

    return current_app.extensions["config"]


def _serve(port: int, log: Path) -> None:
    from aiosmtpd.smtp import SMTP  # noqa: PLC0415

    async def forever() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(DifficultServer(log), loop=loop), "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(forever())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def main() -> None:
    """Run the drill, or with ``--serve`` be its mail server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=57)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        _serve(int(given.serve[0]), Path(given.serve[1]))
        return
    with tempfile.TemporaryDirectory(prefix="mail-drill-") as folder:
        drill = Drill(Path(folder), given.mails, given.seed)
        try:
            is_perfect = drill.run(given.kills)
        finally:
            drill.stop()
    sys.exit(0 if is_perfect else 1)


if __name__ == "__main__":
    main()
