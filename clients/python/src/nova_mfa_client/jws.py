"""Strict reading of signed tokens (RFC 7515, RFC 8725): the key determines the algorithm, never the header."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from .errors import TokenInvalid

#: Maximum length of a token in characters, as in the server.
MAX_TOKEN_LENGTH = 4096

PENDING_TYPE = "mfa-pending+jwt"
ACCESS_TYPE = "at+jwt"

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class VerificationKey:
    """Key with its only algorithm."""

    algorithm: str
    key: Any


class KeySet(Protocol):
    """Keys that may sign access tokens."""

    def find(self, key_id: str) -> VerificationKey:
        """Returns the key with this id, or raises a :class:`~nova_mfa_client.TokenError`."""


@dataclass(frozen=True)
class Header:
    """Header of a token, before its signature is verified. It only selects the checks that the token must pass."""

    token_type: str
    key_id: str
    algorithm: str


def read_header(token: str) -> Header:
    """Reads the header. Raises :class:`~nova_mfa_client.TokenInvalid` if it is not one of NOVA MFA."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH or not _COMPACT.fullmatch(token):
        raise TokenInvalid("not a signed token")
    header = _parse_object(_decode(token.split(".")[0]))
    token_type, key_id, algorithm = header.get("typ"), header.get("kid"), header.get("alg")
    if "crit" in header or token_type not in (PENDING_TYPE, ACCESS_TYPE):
        raise TokenInvalid("the header is not one of NOVA MFA")
    if not isinstance(key_id, str) or not isinstance(algorithm, str):
        raise TokenInvalid("the header lacks a key id or an algorithm")
    return Header(str(token_type), key_id, algorithm)


def read_claims(token: str, header: Header, key: VerificationKey) -> dict[str, Any]:
    """Verifies the signature and returns the claims."""
    if header.algorithm != key.algorithm:
        raise TokenInvalid("the algorithm is not the key's")
    signature = token.split(".")[2]
    _decode(signature)
    try:
        payload = jwt.PyJWS(algorithms=[key.algorithm]).decode(token, key.key, algorithms=[key.algorithm])
    except (jwt.PyJWTError, TypeError, ValueError):
        raise TokenInvalid("the signature is not valid") from None
    _decode(token.split(".")[1])
    return _parse_object(payload)


def _decode(part: str) -> bytes:
    """Decodes base64url strictly, so that a token has one spelling."""
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenInvalid("not base64url") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise TokenInvalid("not canonical base64url")
    return data


def _parse_object(data: bytes) -> dict[str, Any]:
    """Parses a JSON object. Two members of one name are an error, because parsers differ in which one they keep."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("duplicate member")
        return members

    def reject(constant: str) -> None:
        raise ValueError(constant)

    try:
        parsed = json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=reject)
    except (ValueError, RecursionError):
        raise TokenInvalid("not a JSON object") from None
    if not isinstance(parsed, dict):
        raise TokenInvalid("not a JSON object")
    return parsed
