"""Shared secrets for HS256 (``JWT_SECRET_KEY``)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

from .errors import TokenInvalid
from .jws import VerificationKey

ALGORITHM = "HS256"
_MIN_LENGTH = 32


class SecretKeys:
    """Shared secret, and previous ones that still verify tokens during a rotation.

    Secrets are used as written: base64 is not decoded.
    """

    def __init__(self, secret: str, previous: Iterable[str] = ()) -> None:
        if isinstance(previous, str):
            raise TypeError("`previous` is a list of secrets")
        self._keys = {
            key_id(it): VerificationKey(ALGORITHM, it.encode()) for it in (secret, *previous) if check(it)
        }

    def find(self, key_id: str) -> VerificationKey:
        """Returns the secret with this id."""
        try:
            return self._keys[key_id]
        except KeyError:
            raise TokenInvalid("signed with another key") from None

    def __repr__(self) -> str:
        return f"SecretKeys({', '.join(self._keys)})"


def check(secret: str) -> bool:
    """Raises ValueError for a secret that NOVA MFA does not accept either."""
    if len(secret.encode()) < _MIN_LENGTH:
        raise ValueError(f"the secret has fewer than {_MIN_LENGTH} bytes")
    return True


def key_id(secret: str) -> str:
    """Returns the ``kid`` of a secret: base64url of the first 8 bytes of HMAC-SHA256(secret, "kid")."""
    digest = hmac.new(secret.encode(), b"kid", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:8]).rstrip(b"=").decode()
