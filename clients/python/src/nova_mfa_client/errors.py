"""Exceptions. No message contains a token, a code or a secret."""

from __future__ import annotations

from typing import Optional

from .models import FieldProblem


class NovaMfaError(Exception):
    """Base class of all exceptions of this package."""


class ApiError(NovaMfaError):
    """Problem document of the server (RFC 9457)."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        title: str = "",
        detail: str = "",
        retry_after: Optional[int] = None,
        request_id: Optional[str] = None,
        errors: tuple[FieldProblem, ...] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {detail}" if detail else f"{status} {code}")
        #: HTTP status.
        self.status = status
        #: Stable error code, such as ``invalid_code``.
        self.code = code
        #: Short name of the problem, in the language of the request.
        self.title = title
        #: Advice for the user, in the language of the request.
        self.detail = detail
        #: Seconds to wait before the request is repeated.
        self.retry_after = retry_after
        #: Id of the request, which is in the server's log.
        self.request_id = request_id
        #: Fields that are missing or not valid (code ``invalid_field``).
        self.errors = errors


class ServerUnreachable(NovaMfaError):
    """No response: connection refused, timeout. A request that changes data may have been carried out."""


class UnexpectedResponse(NovaMfaError):
    """Response that is not part of the API, for example of a proxy. It never counts as a success."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"unexpected response with status {status}: {reason}")
        self.status = status


class TokenError(NovaMfaError):
    """Token that does not grant access. ``status`` and ``code`` are those that NOVA MFA itself responds with."""

    status = 401
    code = "token_invalid"


class TokenMissing(TokenError):
    """No bearer token was sent, or more than one."""

    code = "token_missing"


class TokenInvalid(TokenError):
    """Token that is not genuine, not complete or meant for another service."""


class TokenExpired(TokenError):
    """Genuine token after its expiry."""

    code = "token_expired"


class PendingToken(TokenError):
    """Pending token where an access token is needed: the second factor is not verified yet."""

    status = 403
    code = "wrong_token_stage"


class MfaRequired(TokenError):
    """Access token with ``mfa_ok: false`` where a second factor is needed."""

    status = 403
    code = "wrong_token_stage"


class StepUpRequired(TokenError):
    """The second factor was verified too long ago (RFC 9470)."""

    code = "step_up_required"

    def __init__(self, message: str, *, max_age: int) -> None:
        super().__init__(message)
        self.max_age = max_age


class KeysUnavailable(TokenError):
    """The public keys cannot be read, so no token is accepted. Try again later."""

    status = 503
    code = "keys_unavailable"
