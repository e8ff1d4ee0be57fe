"""Client of NOVA MFA: token verification and the HTTP API.

``nova_mfa_client.fastapi`` and ``nova_mfa_client.django`` protect endpoints. They need the extras of the same names.
"""

from .aio import AsyncMfaClient
from .client import MfaClient
from .errors import (
    ApiError,
    KeysUnavailable,
    MfaRequired,
    NovaMfaError,
    PendingToken,
    ServerUnreachable,
    StepUpRequired,
    TokenError,
    TokenExpired,
    TokenInvalid,
    TokenMissing,
    UnexpectedResponse,
)
from .jwks import JwksKeys
from .models import (
    AccessGrant,
    AccountStatus,
    CodeSent,
    Event,
    FieldProblem,
    Login,
    Method,
    PhoneVerified,
    RecoveryCode,
    RecoveryCodes,
    Session,
    TokenState,
    TotpEnrolled,
    TotpEnrolment,
)
from .pending import PendingTokenIssuer
from .secret import SecretKeys
from .verifier import AccessToken, TokenVerifier

__all__ = [
    "AccessGrant",
    "AccessToken",
    "AccountStatus",
    "ApiError",
    "AsyncMfaClient",
    "CodeSent",
    "Event",
    "FieldProblem",
    "JwksKeys",
    "KeysUnavailable",
    "Login",
    "Method",
    "MfaClient",
    "MfaRequired",
    "NovaMfaError",
    "PendingToken",
    "PendingTokenIssuer",
    "PhoneVerified",
    "RecoveryCode",
    "RecoveryCodes",
    "Session",
    "SecretKeys",
    "ServerUnreachable",
    "StepUpRequired",
    "TokenError",
    "TokenExpired",
    "TokenInvalid",
    "TokenMissing",
    "TokenState",
    "TokenVerifier",
    "TotpEnrolled",
    "TotpEnrolment",
    "UnexpectedResponse",
]
