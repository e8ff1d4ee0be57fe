"""Bearer tokens of requests, and the headers of errors (RFC 6750, RFC 9470)."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import KeysUnavailable, StepUpRequired, TokenError, TokenMissing

_RETRY_AFTER = "10"


def token(values: Sequence[str]) -> str:
    """Returns the token of the only ``Authorization`` header."""
    if len(values) != 1:
        raise TokenMissing("the request has no bearer token" if not values else "more than one Authorization header")
    scheme, _, value = values[0].strip().partition(" ")
    if scheme.lower() != "bearer" or not value.strip():
        raise TokenMissing("the request has no bearer token")
    return value.strip()


def headers(error: TokenError) -> dict[str, str]:
    """Returns the headers of the response to this error."""
    if isinstance(error, StepUpRequired):
        challenge = f'Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="{error.max_age}"'
    elif isinstance(error, TokenMissing):
        challenge = "Bearer"
    elif isinstance(error, KeysUnavailable):
        return {"Retry-After": _RETRY_AFTER}
    elif error.status == 401:
        challenge = 'Bearer error="invalid_token"'
    else:
        challenge = 'Bearer error="insufficient_user_authentication", acr_values="aal2"'
    return {"WWW-Authenticate": challenge}
