"""Verification of access tokens."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from .errors import MfaRequired, PendingToken, StepUpRequired, TokenExpired, TokenInvalid
from .jwks import JwksKeys
from .jws import PENDING_TYPE, KeySet, read_claims, read_header
from .secret import SecretKeys

#: Tolerated difference between the clocks of two machines, in seconds.
LEEWAY = 5
#: Lifetime of an access token in seconds.
LIFETIME = 3600

_MAX_ID_LENGTH = 128
_MISSING = object()


@dataclass(frozen=True)
class AccessToken:
    """Verified access token."""

    user_id: int
    email: str
    is_superuser: bool
    #: Whether a second factor was verified.
    mfa_ok: bool
    #: Authentication methods (RFC 8176).
    amr: tuple[str, ...]
    #: ``aal1`` or ``aal2``.
    acr: str
    #: Time of the second factor in Unix seconds; None without one.
    auth_time: Optional[int]
    issued_at: int
    expires_at: int
    #: Id of the token.
    jti: str
    #: Session number of the account.
    session: int
    #: All claims as they were signed.
    claims: Mapping[str, Any] = field(repr=False, compare=False)


class TokenVerifier:
    """Verifies access tokens with the keys of one kind, for one issuer and one audience.

    ``issuer`` and ``audience`` are NOVA MFA's settings ``JWT_ISSUER`` and ``JWT_AUDIENCE``. A token that is revoked or
    whose user is disabled is valid until it expires: ask :meth:`MfaClient.introspect` where this matters.
    """

    def __init__(self, keys: KeySet, *, audience: str = "nova", issuer: str = "nova-mfa") -> None:
        if not audience or not issuer:
            raise ValueError("audience and issuer are required")
        if audience == issuer:
            raise ValueError("the issuer is the audience of pending tokens")
        self._keys, self._audience, self._issuer = keys, audience, issuer

    @classmethod
    def with_secret(
        cls, secret: str, *, previous: Iterable[str] = (), audience: str = "nova", issuer: str = "nova-mfa"
    ) -> TokenVerifier:
        """Verifies HS256 with the shared secret (``JWT_ALGORITHM=HS256``, the default)."""
        return cls(SecretKeys(secret, previous), audience=audience, issuer=issuer)

    @classmethod
    def with_jwks(cls, url: str, *, audience: str = "nova", issuer: str = "nova-mfa") -> TokenVerifier:
        """Verifies EdDSA and ES256 with the public keys at this URL. For other options see :class:`JwksKeys`."""
        return cls(JwksKeys(url), audience=audience, issuer=issuer)

    def verify(self, token: str) -> AccessToken:
        """Verifies an access token with one or two factors.

        Raises :class:`TokenExpired` only if everything else is valid, :class:`PendingToken` for a pending token, and
        another :class:`TokenError` otherwise.
        """
        header = read_header(token)
        if header.token_type == PENDING_TYPE:
            raise PendingToken("a pending token is not an access token")
        claims = read_claims(token, header, self._keys.find(header.key_id))
        return self._check(claims, int(time.time()))

    def require_mfa(self, token: str, *, max_age: Optional[int] = None) -> AccessToken:
        """Verifies an access token whose second factor was verified, within ``max_age`` seconds if that is given.

        Raises :class:`MfaRequired`, :class:`StepUpRequired`, or another :class:`TokenError`.
        """
        verified = self.verify(token)
        if verified.mfa_ok is not True or verified.auth_time is None:
            raise MfaRequired("the second factor is not verified")
        if max_age is not None and time.time() - verified.auth_time > max_age:
            raise StepUpRequired("the second factor was verified too long ago", max_age=max_age)
        return verified

    def _check(self, claims: dict[str, Any], now: int) -> AccessToken:
        if "mfa_pending" in claims:
            raise TokenInvalid("the claim of the other stage is present")
        if _claim(claims, "iss", str) != self._issuer or _claim(claims, "aud", str) != self._audience:
            raise TokenInvalid("the token is meant for another service")
        mfa_ok, acr, amr = _claim(claims, "mfa_ok", bool), _claim(claims, "acr", str), _texts(claims, "amr")
        if acr != ("aal2" if mfa_ok else "aal1") or (mfa_ok and "mfa" not in amr):
            raise TokenInvalid("acr and amr do not fit mfa_ok")
        auth_time = _claim(claims, "auth_time", int) if mfa_ok else None
        # Claims of a second factor would contradict `mfa_ok: false`.
        if not mfa_ok and ("auth_time" in claims or "rec" in claims):
            raise TokenInvalid("claims of a second factor without one")
        if "rec" in claims and _claim(claims, "rec", bool) and not {"otp", "sms"}.isdisjoint(amr):
            raise TokenInvalid("rec does not fit amr")
        verified = AccessToken(
            user_id=_user_id(_claim(claims, "sub", str)),
            email=_claim(claims, "email", str),
            is_superuser=_claim(claims, "is_superuser", bool),
            mfa_ok=mfa_ok,
            amr=amr,
            acr=acr,
            auth_time=auth_time,
            issued_at=_claim(claims, "iat", int),
            expires_at=_claim(claims, "exp", int),
            jti=_claim(claims, "jti", str),
            session=_claim(claims, "sv", int),
            claims=claims,
        )
        if not 1 <= len(verified.jti) <= _MAX_ID_LENGTH or verified.session < 0:
            raise TokenInvalid("jti or sv is not valid")
        ahead = max(verified.issued_at, _claim(claims, "nbf", int), auth_time or 0)
        if ahead > now + LEEWAY:
            raise TokenInvalid("the token is not valid yet")
        if not verified.issued_at < verified.expires_at <= verified.issued_at + LIFETIME:
            raise TokenInvalid("the lifetime is not valid")
        # Last: an expired token with another defect is invalid.
        if now > verified.expires_at + LEEWAY:
            raise TokenExpired("the token has expired")
        return verified


def _claim(claims: dict[str, Any], name: str, expected: type) -> Any:
    value = claims.get(name, _MISSING)
    # `type` instead of `isinstance`: a boolean is not an integer.
    if type(value) is not expected:
        raise TokenInvalid(f"{name} is missing or has another type")
    return value


def _texts(claims: dict[str, Any], name: str) -> tuple[str, ...]:
    values = _claim(claims, name, list)
    if not all(type(it) is str for it in values):
        raise TokenInvalid(f"{name} has another type")
    return tuple(values)


def _user_id(sub: str) -> int:
    """Parses ``sub``, which has one spelling per user: no ``+7``, ``007`` or ``7 ``."""
    try:
        user = int(sub)
    except ValueError:
        raise TokenInvalid("sub is not a user id") from None
    if str(user) != sub or not -(2**63) <= user < 2**63:
        raise TokenInvalid("sub is not a user id")
    return user
