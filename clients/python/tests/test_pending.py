"""Pending tokens."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest

from nova_mfa_client import PendingTokenIssuer

from .forge import SECRET, key_id

ISSUER = PendingTokenIssuer(SECRET)
ADA: dict[str, Any] = {"user_id": 42, "email": "ada@example.com", "is_superuser": False, "session": 3}


def test_a_token_has_the_claims_of_the_contract() -> None:
    token = ISSUER.mint(**ADA)
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="nova-mfa", issuer="nova-mfa")
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert header == {"alg": "HS256", "typ": "mfa-pending+jwt", "kid": key_id(SECRET)}
    now = claims["iat"]
    assert abs(now - time.time()) < 5
    assert 0 <= claims.pop("iat_ms") - now * 1000 < 1000
    assert len(claims.pop("jti")) == 22
    assert claims == {
        "iss": "nova-mfa",
        "aud": "nova-mfa",
        "sub": "42",
        "email": "ada@example.com",
        "is_superuser": False,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "sv": 3,
        "mfa_pending": True,
        "amr": ["pwd"],
    }


def test_no_two_tokens_are_the_same() -> None:
    assert len({ISSUER.mint(**ADA) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "change", [{"user_id": "42"}, {"user_id": True}, {"email": None}, {"is_superuser": None}, {"session": None}]
)
def test_a_value_of_another_type_is_rejected(change: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(change))):
        ISSUER.mint(**{**ADA, **change})


def test_a_token_that_the_server_would_reject_is_not_issued() -> None:
    with pytest.raises(ValueError, match="negative"):
        ISSUER.mint(**{**ADA, "session": -1})
    with pytest.raises(ValueError, match="too long"):
        ISSUER.mint(**{**ADA, "email": "a" * 4000})
    with pytest.raises(ValueError, match="32 bytes"):
        PendingTokenIssuer("short")
    with pytest.raises(ValueError, match="issuer"):
        PendingTokenIssuer(SECRET, issuer="")
