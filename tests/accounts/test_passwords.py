"""Which passwords are accepted, and how they are stored."""

import pytest

from webapp.accounts import passwords
from webapp.accounts.passwords import PasswordRefused


@pytest.mark.proves("ASVS 6.2.5")
def test_four_odd_words_are_accepted() -> None:
    passwords.check_new("marigold bench river spoon", "Ana Example", "ana@example.org")


@pytest.mark.proves("ASVS 6.2.9")
def test_two_hundred_and_fifty_six_characters_are_accepted() -> None:
    passwords.check_new("xK4-" * 3 + "river spoon" + "q7z" * 77 + "ab")


@pytest.mark.proves("ASVS 6.2.1")
@pytest.mark.parametrize("password", ["", "short", "elevenchars"])
def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused, match="at least 12"):
        passwords.check_new(password)


def test_a_very_long_password_is_refused() -> None:
    with pytest.raises(PasswordRefused, match="at most 256"):
        passwords.check_new("river spoon " * 22)


@pytest.mark.proves("ASVS 6.2.11")
@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Passw0rd!2026",
        "123456789012",
        "qwertyuiop123",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "letmein letmein",
        "iloveyou2026!",
    ],
)
def test_a_well_known_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused, match="easy to guess"):
        passwords.check_new(password)


@pytest.mark.proves("ASVS 6.2.11")
@pytest.mark.parametrize(
    "password", ["ana.example2026", "Ana-Example-1", "ana@example.org1", "example77example"]
)
def test_the_own_name_or_address_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused, match="easy to guess"):
        passwords.check_new(password, "Ana Example", "ana@example.org")


@pytest.mark.parametrize("password", ["spinalcordresearchhelp", "Spinal Cord Research Help!"])
def test_the_name_of_the_site_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused, match="easy to guess"):
        passwords.check_new(password)


def test_only_the_beginning_of_a_long_password_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[str] = []

    def watched(password: str, user_inputs: list[str]) -> dict[str, int]:
        scored.append(password)
        return {"score": 4}

    monkeypatch.setattr(passwords, "zxcvbn", watched)
    passwords.check_new("marigold bench " * 17)
    assert [len(password) for password in scored] == [passwords.SCORED]


@pytest.mark.proves("ASVS 11.4.2")
def test_a_hash_matches_its_password_only() -> None:
    kept = passwords.new_hash("marigold bench river spoon")
    assert kept.startswith("$argon2id$")
    assert passwords.matches(kept, "marigold bench river spoon")
    assert not passwords.matches(kept, "marigold bench river spoons")


def test_nobody_has_the_password_of_nobody() -> None:
    assert not passwords.matches(None, "marigold bench river spoon")


@pytest.mark.proves("ASVS 6.3.8")
def test_an_unknown_address_costs_a_whole_check(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    hasher = type(passwords._hasher)
    verify = hasher.verify

    def watched(self: object, kept: str, word: str) -> bool:
        checked.append(kept)
        return bool(verify(self, kept, word))  # type: ignore[arg-type]

    monkeypatch.setattr(hasher, "verify", watched)
    passwords.matches(None, "marigold bench river spoon")
    assert checked == [passwords._NOBODY]
