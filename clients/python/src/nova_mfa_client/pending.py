"""Pending tokens, as NOVA's login issues them."""

from __future__ import annotations

import secrets
import time

import jwt

from .jws import MAX_TOKEN_LENGTH, PENDING_TYPE
from .secret import ALGORITHM, check, key_id

#: Lifetime in seconds.
LIFETIME = 300


class PendingTokenIssuer:
    """Issues pending tokens after a password was verified. ``secret`` and ``issuer`` are NOVA MFA's settings
    ``JWT_SECRET_KEY`` and ``JWT_ISSUER``."""

    def __init__(self, secret: str, *, issuer: str = "nova-mfa") -> None:
        check(secret)
        if not issuer:
            raise ValueError("the issuer is empty")
        self._secret, self._issuer = secret, issuer

    def mint(self, *, user_id: int, email: str, is_superuser: bool, session: int) -> str:
        """Issues a token for ``verify/*``, valid for 300 seconds and for one exchange.

        ``session`` is the session number in the row of the user: ``(mfa_internal ->> 'sv')::int``, or 0 if it is NULL.
        """
        for name, value, expected in (
            ("user_id", user_id, int),
            ("email", email, str),
            ("is_superuser", is_superuser, bool),
            ("session", session, int),
        ):
            # A boolean is not an integer.
            if type(value) is not expected:
                raise TypeError(f"{name} must be {expected.__name__}")
        if session < 0:
            raise ValueError("session is negative")
        millis = time.time_ns() // 1_000_000
        now = millis // 1000
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,  # the audience of a pending token is the issuer
            "sub": str(user_id),
            "email": email,
            "is_superuser": is_superuser,
            "iat": now,
            "iat_ms": millis,  # so that "issued before the lock" is exact
            "nbf": now,
            "exp": now + LIFETIME,
            "jti": secrets.token_urlsafe(16),
            "sv": session,
            "mfa_pending": True,
            "amr": ["pwd"],
        }
        headers = {"typ": PENDING_TYPE, "kid": key_id(self._secret)}
        token = jwt.encode(claims, self._secret, algorithm=ALGORITHM, headers=headers)
        if len(token) > MAX_TOKEN_LENGTH:
            raise ValueError("the e-mail address is too long for a token")
        return token

    def __repr__(self) -> str:
        return f"PendingTokenIssuer(issuer={self._issuer!r})"
