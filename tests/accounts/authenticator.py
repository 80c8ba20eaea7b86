"""A device that makes and uses passkeys as a browser would, in software, and that can be told to do it wrong."""

import hashlib
import json
import secrets
from html import unescape
from re import search
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def options_on(page: str) -> dict[str, Any]:
    """What the page's button hands to the browser."""
    found = search(r'data-passkey="([^"]+)"', page)
    assert found, "no passkey button on the page"
    options: dict[str, Any] = json.loads(unescape(found.group(1)))
    return options


class Authenticator:
    """One key pair. The attributes ``origin``, ``rp_id``, ``flags`` and ``count`` may be set to lie about them."""

    def __init__(self, origin: str, rp_id: str) -> None:
        self.origin, self.rp_id = origin, rp_id
        self.flags = PRESENT | VERIFIED
        self.count = 0
        self.user_handle: str | None = None
        self.credential_id = secrets.token_bytes(16)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        """Answer ``navigator.credentials.create()``."""
        self.user_handle = options["user"]["id"]
        numbers = self._key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        public_key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        length = len(self.credential_id).to_bytes(2, "big")
        key = bytes(16) + length + self.credential_id + public_key
        made = {"fmt": "none", "attStmt": {}, "authData": self._authenticator_data(HAS_KEY) + key}
        return self._answer(
            {
                "clientDataJSON": self._client_data("webauthn.create", options),
                "attestationObject": cbor2.dumps(made),
            }
        )

    def get(self, options: dict[str, Any]) -> str:
        """Answer ``navigator.credentials.get()``."""
        self.count += 1
        authenticator_data = self._authenticator_data()
        client_data = self._client_data("webauthn.get", options)
        signed = authenticator_data + hashlib.sha256(client_data).digest()
        return self._answer(
            {
                "clientDataJSON": client_data,
                "authenticatorData": authenticator_data,
                "signature": self._key.sign(signed, ec.ECDSA(hashes.SHA256())),
            },
            self.user_handle,
        )

    def _authenticator_data(self, flags: int = 0) -> bytes:
        rp_id_hash = hashlib.sha256(self.rp_id.encode()).digest()
        return rp_id_hash + bytes([self.flags | flags]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, bytes], user_handle: str | None = None) -> str:
        number = bytes_to_base64url(self.credential_id)
        texts: dict[str, Any] = {name: bytes_to_base64url(value) for name, value in response.items()}
        texts["userHandle"] = user_handle
        return json.dumps({"id": number, "rawId": number, "type": "public-key", "response": texts})
