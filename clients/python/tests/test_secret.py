"""Access tokens that are signed with the shared secret."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import pytest

from nova_mfa_client import (
    MfaRequired,
    PendingToken,
    PendingTokenIssuer,
    StepUpRequired,
    TokenError,
    TokenExpired,
    TokenInvalid,
    TokenVerifier,
)

from . import forge
from .forge import OTHER_SECRET, SECRET, claims, header, hmac_signed, one_factor, token

VERIFIER = TokenVerifier.with_secret(SECRET)


def reject(text: str, error: type[TokenError] = TokenInvalid, verifier: TokenVerifier = VERIFIER) -> None:
    """Both checks must reject the token, with exactly this error."""
    for check in (verifier.verify, verifier.require_mfa):
        with pytest.raises(TokenError) as raised:
            check(text)
        assert type(raised.value) is error
        assert len(text) < 20 or text not in str(raised.value)


def test_a_two_factor_token_is_accepted_with_its_claims() -> None:
    now = int(time.time())
    verified = VERIFIER.require_mfa(token(claims(now, is_superuser=True, sv=7)))
    assert (verified.user_id, verified.email, verified.is_superuser) == (42, "ada@example.com", True)
    assert (verified.mfa_ok, verified.acr, verified.amr) == (True, "aal2", ("pwd", "otp", "mfa"))
    assert (verified.issued_at, verified.expires_at, verified.auth_time) == (now, now + 3600, now)
    assert (verified.jti, verified.session, verified.claims["sub"]) == ("Vb1cPz0xT9yq2mJ4h8WwNg", 7, "42")
    assert "Vb1c" not in repr(TokenInvalid("x"))


def test_a_token_of_a_recovery_code_is_accepted() -> None:
    assert VERIFIER.require_mfa(token(claims(amr=["pwd", "mfa"], rec=True))).mfa_ok


def test_a_token_without_second_factor_is_accepted_only_where_none_is_needed() -> None:
    text = token(one_factor())
    assert VERIFIER.verify(text).mfa_ok is False
    with pytest.raises(MfaRequired) as raised:
        VERIFIER.require_mfa(text)
    assert (raised.value.status, raised.value.code) == (403, "wrong_token_stage")


def test_a_pending_token_is_never_an_access_token() -> None:
    minted = PendingTokenIssuer(SECRET).mint(user_id=42, email="a@example.com", is_superuser=False, session=0)
    reject(minted, PendingToken)
    pending = claims(aud="nova-mfa", mfa_ok=None, mfa_pending=True, acr=None, auth_time=None, amr=["pwd"])
    for payload in (pending, {**pending, "aud": "nova"}, claims(mfa_pending=True), claims(mfa_pending=False)):
        reject(token(payload, header(typ="mfa-pending+jwt")), PendingToken)
        reject(token(payload))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_an_unsigned_token_is_rejected(algorithm: str) -> None:
    text = forge.unsigned(header(alg=algorithm), claims())
    for signature in ("", forge.b64(b"x")):
        reject(f"{text}.{signature}")


def test_another_algorithm_of_the_same_secret_is_rejected() -> None:
    for algorithm, digest in (("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
        reject(hmac_signed(header(alg=algorithm), claims(), digest=digest))
    others: list[Any] = ["hs256", "RS256", "ES256", "EdDSA", None, 256]
    for other in others:
        reject(hmac_signed({**header(), "alg": other}, claims()))


def test_an_asymmetric_signature_is_rejected() -> None:
    for key in (forge.Ed25519(), forge.P256(), forge.Rsa()):
        reject(key.sign(claims()))
        reject(key.sign(claims(), kid=forge.key_id(SECRET)))


def test_a_key_in_the_header_is_not_used() -> None:
    key = forge.Ed25519()
    reject(key.sign(claims(), kid=forge.key_id(SECRET), jwk=key.jwk))
    reject(key.sign(claims(), kid=forge.key_id(SECRET), jku="http://127.0.0.1:9/keys"))


def test_another_secret_is_rejected() -> None:
    reject(hmac_signed(header(), claims(), OTHER_SECRET.encode()))
    reject(hmac_signed(header(OTHER_SECRET), claims(), OTHER_SECRET.encode()))
    reject(hmac_signed(header(), claims(), b""))
    # The secret is used as written: base64 is not decoded.
    reject(hmac_signed(header(), claims(), base64.b64decode(SECRET + "=" * (-len(SECRET) % 4))))


def test_a_previous_secret_verifies_while_it_is_listed() -> None:
    old = hmac_signed(header(OTHER_SECRET), claims(), OTHER_SECRET.encode())
    assert TokenVerifier.with_secret(SECRET, previous=[OTHER_SECRET]).require_mfa(old).user_id == 42
    reject(old)


def test_a_changed_token_is_rejected() -> None:
    text = token()
    head, payload, signature = text.split(".")
    changed = forge.b64(json.dumps(claims(sub="1")).encode())
    last = "A" if signature[-1] != "A" else "E"
    for forged in (
        f"{head}.{changed}.{signature}",
        f"{head}.{payload}.{last}{signature[1:]}",
        f"{head}.{payload}.{signature[:-2]}",
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"{text}.x",
        f"{text}.",
        f".{text}",
        f" {text}",
        f"{text}\n",
        f"{text}=",
        f"Bearer {text}",
        "",
        "...",
        text + "A" * 5000,
        text.replace("-", "+").replace("_", "/") + "!",
    ):
        reject(forged)


def test_a_token_has_one_spelling() -> None:
    head, payload, signature = token().split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 32 bytes are 43 characters, and the last one has two unused bits.
    stray = alphabet[alphabet.index(signature[-1]) + 1]
    reject(f"{head}.{payload}.{signature[:-1]}{stray}")


def test_a_header_of_another_issuer_is_rejected() -> None:
    changes: list[dict[str, Any]] = [
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "AT+JWT"},
        {"kid": None},
        {"kid": ""},
        {"kid": 1},
        {"kid": "unknown"},
        {"crit": ["exp"]},
        {"crit": []},
    ]
    for change in changes:
        reject(hmac_signed(header(**change), claims()))
    for head in ("[]", "null", '"x"', "{", '{"alg":"HS256","alg":"HS256"}'):
        reject(hmac_signed(head, claims()))


REQUIRED = sorted(set(claims()) - {"iat_ms"})


@pytest.mark.parametrize("name", REQUIRED)
def test_each_claim_is_required(name: str) -> None:
    reject(token(claims(**{name: None})))


WRONG: list[Any] = [1, 1.5, "1", True, [], {}, ["x"], [1], "", -1, 10**30]


@pytest.mark.parametrize("name", REQUIRED)
def test_each_claim_has_its_type(name: str) -> None:
    right = claims()[name]
    for wrong in WRONG:
        if type(wrong) is type(right):
            continue
        reject(token({**claims(), name: wrong}))
    reject(token({**claims(), name: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "nova"},
        {"iss": "nova-mfa "},
        {"aud": "nova-mfa"},
        {"aud": "another"},
        {"aud": "NOVA"},
        {"aud": ["nova"]},
        {"aud": ["nova", "another"]},
        {"sub": "042"},
        {"sub": "+42"},
        {"sub": " 42"},
        {"sub": "4_2"},
        {"sub": "٤٢"},
        {"sub": "ada"},
        {"sub": str(2**63)},
        {"sv": -1},
        {"jti": ""},
        {"jti": "x" * 129},
        {"acr": "aal1"},
        {"acr": "aal3"},
        {"amr": ["pwd"]},
        {"amr": []},
        {"amr": ["pwd", "otp", "mfa", 1]},
        {"email": "a" * 4000},
        {"amr": ["pwd", "otp", "mfa"], "rec": True},
        {"rec": "true"},
        {"mfa_ok": "true"},
        {"mfa_ok": 1},
        {"mfa_ok": False},
    ],
)
def test_a_wrong_claim_is_rejected(changes: dict[str, Any]) -> None:
    reject(token(claims(**changes)))


def test_a_token_for_another_audience_or_issuer_is_rejected() -> None:
    reject(token(), verifier=TokenVerifier.with_secret(SECRET, audience="another"))
    reject(token(), verifier=TokenVerifier.with_secret(SECRET, issuer="another"))
    other = TokenVerifier.with_secret(SECRET, audience="shop", issuer="login")
    assert other.require_mfa(token(claims(aud="shop", iss="login"))).mfa_ok


def test_a_token_of_one_factor_with_claims_of_two_is_rejected() -> None:
    for changes in ({"acr": "aal2"}, {"auth_time": 1}, {"rec": True}, {"rec": False}):
        reject(token(one_factor(**changes)))


def test_an_expired_token_is_rejected() -> None:
    now = int(time.time())
    reject(token(claims(now - 3700)), TokenExpired)
    # An expired token with another defect is invalid.
    reject(token(claims(now - 3700, aud="another")))
    assert VERIFIER.verify(token(claims(now - 3598)))


def test_a_token_of_the_future_or_of_a_long_life_is_rejected() -> None:
    now = int(time.time())
    reject(token(claims(now + 60)))
    reject(token(claims(now, nbf=now + 60)))
    reject(token(claims(now, auth_time=now + 60)))
    reject(token(claims(now, exp=now + 3601)))
    reject(token(claims(now, exp=now)))
    reject(token(claims(now, iat=now - 100, exp=now + 3600)))


def test_a_claim_that_stands_twice_is_rejected() -> None:
    text = json.dumps(claims())
    for doubled in (text[:-1] + ', "mfa_ok": true}', text[:-1] + ', "\\u0073ub": "1"}'):
        reject(token(doubled))
    for other in ("[]", "null", "{", text + "{}", text[:-1] + ', "x": NaN}', "[" * 2000):
        reject(token(other))


def test_a_second_factor_of_long_ago_needs_a_step_up() -> None:
    text = token(claims(auth_time=int(time.time()) - 601))
    assert VERIFIER.require_mfa(text, max_age=700)
    with pytest.raises(StepUpRequired) as raised:
        VERIFIER.require_mfa(text, max_age=600)
    assert (raised.value.status, raised.value.code, raised.value.max_age) == (401, "step_up_required", 600)


def test_a_weak_configuration_is_rejected() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TokenVerifier.with_secret("short")
    with pytest.raises(ValueError, match="32 bytes"):
        TokenVerifier.with_secret(SECRET, previous=[""])
    with pytest.raises(TypeError):
        TokenVerifier.with_secret(SECRET, previous=OTHER_SECRET)
    with pytest.raises(ValueError, match="required"):
        TokenVerifier.with_secret(SECRET, audience="")
    with pytest.raises(ValueError, match="pending"):
        TokenVerifier.with_secret(SECRET, audience="nova-mfa")


def test_no_representation_shows_a_secret() -> None:
    for thing in (VERIFIER, VERIFIER._keys, PendingTokenIssuer(SECRET)):
        assert SECRET not in repr(thing)
