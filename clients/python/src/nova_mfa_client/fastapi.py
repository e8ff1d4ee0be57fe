"""FastAPI dependencies (extra ``fastapi``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from fastapi import HTTPException, Request, Security
from fastapi.security import HTTPBearer

from . import bearer
from .errors import TokenError
from .verifier import AccessToken, TokenVerifier

# Describes the token in the OpenAPI document of the application. The dependency reads the header itself.
_SCHEME = Security(HTTPBearer(bearerFormat="JWT", description="Access token of NOVA MFA", auto_error=False))


def require_mfa(verifier: TokenVerifier, *, max_age: Optional[int] = None) -> Callable[..., AccessToken]:
    """Returns a dependency that requires a second factor, within ``max_age`` seconds if that is given.

    It is a plain function, so that FastAPI calls it in a thread: reading the public keys does not block the event loop.
    """

    def dependency(request: Request, _: object = _SCHEME) -> AccessToken:
        try:
            token = bearer.token(request.headers.getlist("Authorization"))
            return verifier.require_mfa(token, max_age=max_age)
        except TokenError as error:
            raise _response(error) from None

    return dependency


def require_token(verifier: TokenVerifier) -> Callable[..., AccessToken]:
    """Returns a dependency that requires an access token, also one with a single factor."""

    def dependency(request: Request, _: object = _SCHEME) -> AccessToken:
        try:
            return verifier.verify(bearer.token(request.headers.getlist("Authorization")))
        except TokenError as error:
            raise _response(error) from None

    return dependency


def _response(error: TokenError) -> HTTPException:
    return HTTPException(error.status, {"code": error.code, "detail": str(error)}, bearer.headers(error))
