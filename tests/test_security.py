"""SECURITY.md and the tests that prove it: docs/security-tests.md lists them all, and no requirement is without one."""

import re

from tests.security_rules import DOCUMENT, ROOT, TITLES, document, proofs

SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def test_the_list_of_tests_is_up_to_date() -> None:
    """Renew it with ``python -m tests.security_rules`` and look at the difference: no rule should lose its last test."""
    assert DOCUMENT.read_text(encoding="utf-8") == document()


def test_every_promise_is_proved() -> None:
    promises = re.findall(r"^(\d+)\. ", SECURITY.split("## What is promised")[1].split("\n## ")[0], re.M)
    assert [f"Promise {number}" for number in promises] == [
        name for name in TITLES if name.startswith("Promise")
    ]
    assert {rule.split(":")[0] for rule in proofs() if rule.startswith("Promise")} == {
        f"Promise {number}" for number in promises
    }


def test_every_requirement_of_asvs_that_is_met_is_proved_and_no_other_is_claimed() -> None:
    section = SECURITY.split("## OWASP ASVS")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ((?:\d+\.\d+\.\d+(?:, )?)+)", section, re.M)
    met = [number for row in rows for number in row.split(", ")]
    assert sorted(met) == sorted(rule.removeprefix("ASVS ") for rule in proofs() if rule.startswith("ASVS "))
