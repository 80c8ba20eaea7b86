"""Signed, single-purpose tokens for links and forms, and hashes of secrets to be stored."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer


class TokenError(ValueError):
    """A token was used up, is too old, was altered or has another purpose."""


def sign(purpose: str, value: str | int) -> str:
    """A URL-safe token that carries ``value`` and the time, valid for this purpose only."""
    return _serializer(purpose).dumps(value)


def read_signed(purpose: str, token: str, max_age: timedelta | None = None) -> str | int:
    """The value of a token; raises TokenError."""
    try:
        value: str | int = _serializer(purpose).loads(
            token, max_age=int(max_age.total_seconds()) if max_age else None
        )
    except BadData as error:
        raise TokenError(purpose) from error
    return value


def token_age(purpose: str, token: str, now_timestamp: float) -> float:
    """Seconds since a token was signed; raises TokenError."""
    try:
        _, signed_at = _serializer(purpose).loads(token, return_timestamp=True)
    except BadData as error:
        raise TokenError(purpose) from error
    return now_timestamp - float(signed_at.timestamp())


def new_secret() -> str:
    """A random 128-bit secret for a link; only its hash is stored."""
    return secrets.token_urlsafe(16)


def secret_hash(secret: str) -> str:
    """SHA-256 of a random secret, as 64 hex digits. Good for random secrets only, never for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed_hash(purpose: str, value: str) -> str:
    """HMAC-SHA-256 of a guessable value (an address) with the site's key, as 64 hex digits."""
    return keyed_hashes(purpose, value)[0]


def key_fingerprint() -> str:
    """A hash that is the same in two processes only if they sign with the same key."""
    return keyed_hash("key-fingerprint", "")


def keyed_hashes(purpose: str, value: str) -> list[str]:
    """The keyed hash with each key that is still valid, the current one first: to find what an older key made."""
    keys: list[str] = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    text = f"{purpose}:{value}".encode()
    return [hmac.new(key.encode(), text, hashlib.sha256).hexdigest() for key in keys]


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256})
