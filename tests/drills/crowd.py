"""Everybody at work on a site at once, each on a thread of their own; all remember what they were answered."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event, Thread

from tests.drills.people import NO_ANSWER, Browser, Writer
from tests.drills.site import Site
from tests.editor.forms import Sent

VOTED_ON = "voted-on"  # the slug of the summary that everybody votes on


@dataclass
class Heard:
    """What was tried, whether it was answered or not, and what was answered with success."""

    tried: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def ask(self, what: str, act: Callable[[str], int]) -> None:
        """Try something under a name of its own; ``act`` returns the status of the answer."""
        self.tried.append(what)
        try:
            status = act(what)
        except NO_ANSWER:
            return
        (self.answered if status == 200 else self.refused).append(what)

    def lost_and_doubled(self, there: Counter[str]) -> tuple[int, int]:
        """Of what was answered, how much is not there; of what was tried, how much is there more than once."""
        lost = sum(what not in there for what in self.answered)
        return lost, sum(there[what] - 1 for what in self.tried if what in there)


class Crowd:
    """An editor who saves, one who publishes, voters, and people who sign up."""

    def __init__(self, site: Site, sign_up: Sent) -> None:
        self.site = site
        self.saves, self.summaries, self.votes, self.sign_ups = Heard(), Heard(), Heard(), Heard()
        self._sign_up = sign_up
        self._stop = Event()
        self._publisher = Browser()
        self._publisher.sign_in(site)
        self._writer = Writer(site)
        found = re.search(r'name="token" value="([^"]+)"', Browser().open(site, f"/research/{VOTED_ON}"))
        assert found
        self._press_token = found.group(1)

    @property
    def answers(self) -> list[int]:
        """How many answers each of them got so far."""
        return [len(heard.answered) for heard in (self.saves, self.summaries, self.votes, self.sign_ups)]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Nobody works any longer afterwards."""
        jobs = (
            (self.saves, self._save, 0.1),
            (self.summaries, self._publish, 0.4),
            (self.votes, self.vote, 0.05),
            (self.sign_ups, self._ask, 0.1),
        )
        threads = [Thread(target=self._repeat, args=job) for job in jobs]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _repeat(self, heard: Heard, act: Callable[[str], int], pause: float) -> None:
        for number in count(1):
            if self._stop.is_set():
                return
            heard.ask(f"{act.__name__.strip('_')}-{number}", act)
            time.sleep(pause)

    def _save(self, what: str) -> int:
        if self._writer.save(what) is None:
            raise TimeoutError(what)
        return 200

    def _publish(self, what: str) -> int:
        word, _, number = what.rpartition("-")
        self._publisher.publish(self.site, int(number), word)
        return 200

    def vote(self, what: str) -> int:
        """Every vote is the only one of its visitor."""
        address = visitor(what)
        path = f"/research/{VOTED_ON}/feedback"
        sent = Sent({"answer": "yes", "token": self._press_token})
        return Browser().read(self.site, path, sent, **{"X-Forwarded-For": address})[0]

    def has_voted(self, what: str) -> bool:
        path = f"/research/{VOTED_ON}/feedback"
        text = Browser().read(self.site, path, None, **{"X-Forwarded-For": visitor(what)})[2]
        return "Thank" in text

    def _ask(self, what: str) -> int:
        sent = Sent(self._sign_up)
        sent["email"] = f"{what}@example.org"
        return Browser().read(self.site, "/subscribe", sent, **{"X-Forwarded-For": visitor(what)})[0]


def visitor(what: str) -> str:
    """A network address of one's own."""
    number = int(what.rpartition("-")[2])
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def name_of(address: str) -> str:
    """Who signed up with a mail address."""
    return address.partition("@")[0]
