"""Forged tokens. No function of the package is used, so that an error of the package is not repeated here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Optional

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N"
OTHER_SECRET = "Zk8Tn3vW6qPb1XyG5rMd0JhUc7LsAe2F"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_id(secret: str) -> str:
    return b64(hmac.new(secret.encode(), b"kid", hashlib.sha256).digest()[:8])


def claims(now: Optional[int] = None, **changes: Any) -> dict[str, Any]:
    """Claims of a two-factor access token. A change to None removes the claim."""
    issued = int(time.time()) if now is None else now
    valid: dict[str, Any] = {
        "iss": "nova-mfa",
        "aud": "nova",
        "sub": "42",
        "iat": issued,
        "iat_ms": issued * 1000,
        "nbf": issued,
        "exp": issued + 3600,
        "jti": "Vb1cPz0xT9yq2mJ4h8WwNg",
        "sv": 0,
        "email": "ada@example.com",
        "is_superuser": False,
        "mfa_ok": True,
        "amr": ["pwd", "otp", "mfa"],
        "acr": "aal2",
        "auth_time": issued,
    }
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


def one_factor(**changes: Any) -> dict[str, Any]:
    return claims(**{"mfa_ok": False, "amr": ["pwd"], "acr": "aal1", "auth_time": None, **changes})


def header(secret: str = SECRET, **changes: Any) -> dict[str, Any]:
    valid = {"alg": "HS256", "typ": "at+jwt", "kid": key_id(secret)}
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


def unsigned(head: Any, payload: Any) -> str:
    parts = (it if isinstance(it, str) else json.dumps(it) for it in (head, payload))
    return ".".join(b64(it.encode()) for it in parts)


def hmac_signed(head: Any, payload: Any, key: bytes = SECRET.encode(), digest: Any = hashlib.sha256) -> str:
    text = unsigned(head, payload)
    return f"{text}.{b64(hmac.new(key, text.encode(), digest).digest())}"


def token(payload: Any = None, head: Any = None) -> str:
    """Token that is valid unless the arguments are not."""
    return hmac_signed(header() if head is None else head, claims() if payload is None else payload)


class Ed25519:
    """Key for EdDSA, with its id by RFC 7638."""

    algorithm = "EdDSA"

    def __init__(self) -> None:
        self.private = ed25519.Ed25519PrivateKey.generate()
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        public = {"crv": "Ed25519", "kty": "OKP", "x": b64(raw)}
        self.secret = b64(self.private.private_bytes_raw())
        self.id = thumbprint(public)
        self.jwk = {**public, "use": "sig", "alg": "EdDSA", "kid": self.id}

    def sign(self, payload: Any, **head: Any) -> str:
        text = unsigned(header(**{"alg": "EdDSA", "kid": self.id, **head}), payload)
        return f"{text}.{b64(self.private.sign(text.encode()))}"


class P256:
    """Key for ES256, with its id by RFC 7638."""

    algorithm = "ES256"

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        x, y = (b64(it.to_bytes(32, "big")) for it in (numbers.x, numbers.y))
        public = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        self.id = thumbprint(public)
        self.jwk = {**public, "use": "sig", "alg": "ES256", "kid": self.id}

    def sign(self, payload: Any, **head: Any) -> str:
        text = unsigned(header(**{"alg": "ES256", "kid": self.id, **head}), payload)
        r, s = decode_dss_signature(self.private.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class Rsa:
    """Key for RS256, which NOVA MFA never uses."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self.private.public_key()
        numbers = public.public_numbers()
        self.pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.id = "rsa"
        self.jwk = {
            "kty": "RSA",
            "n": b64(numbers.n.to_bytes(256, "big")),
            "e": "AQAB",
            "use": "sig",
            "alg": "RS256",
            "kid": self.id,
        }

    def sign(self, payload: Any, **head: Any) -> str:
        text = unsigned(header(**{"alg": "RS256", "kid": self.id, **head}), payload)
        return f"{text}.{b64(self.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def thumbprint(public: dict[str, str]) -> str:
    text = json.dumps(public, sort_keys=True, separators=(",", ":"))
    return b64(hashlib.sha256(text.encode()).digest())


def totp(secret: str, step: int = 0) -> str:
    """Code of an authenticator app (RFC 6238), ``step`` time steps after now."""
    counter = int(time.time()) // 30 + step
    digest = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
