"""Data of the HTTP API. Tokens, secrets and codes are left out of ``repr``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, TypeVar, Union, get_args, get_origin, get_type_hints

Model = TypeVar("Model")


@dataclass(frozen=True)
class FieldProblem:
    """Field that is missing or not valid."""

    field: str
    message: str


@dataclass(frozen=True)
class Login:
    """Result of a login: a pending token if a second factor is required, else an access token with one factor."""

    mfa_required: bool
    expires_in: int
    mfa_token: Optional[str] = field(default=None, repr=False)
    access_token: Optional[str] = field(default=None, repr=False)
    #: The user must enrol a factor first: MFA is required, and no factor is enrolled.
    enrolment_required: bool = False

    def __post_init__(self) -> None:
        expected, other = (
            (self.mfa_token, self.access_token) if self.mfa_required else (self.access_token, self.mfa_token)
        )
        if not expected or other is not None:
            raise ValueError("the token does not fit mfa_required")

    @property
    def token(self) -> str:
        """The pending token or the access token, whichever there is."""
        return self.mfa_token or self.access_token or ""


@dataclass(frozen=True)
class AccessGrant:
    """Two-factor access token after a successful verification."""

    access_token: str = field(repr=False)
    expires_in: int
    mfa_ok: bool
    #: ``totp``, ``sms`` or ``recovery``.
    method: str
    recovery_codes_left: int
    #: Text for the user if few recovery codes are left.
    warning: Optional[str] = None

    def __post_init__(self) -> None:
        _require_second_factor(self.mfa_ok)


@dataclass(frozen=True)
class TotpEnrolment:
    """New TOTP secret, which the first code activates."""

    secret: str = field(repr=False)
    otpauth_uri: str = field(repr=False)
    #: PNG as a data URL.
    qr_code: str = field(repr=False)
    qr_svg: str = field(repr=False)
    algorithm: str
    digits: int
    period: int
    expires_at: Optional[str]


@dataclass(frozen=True)
class TotpEnrolled:
    """Completed TOTP enrolment. The recovery codes are shown only here."""

    enabled: bool
    recovery_codes: tuple[str, ...] = field(repr=False)
    access_token: str = field(repr=False)
    expires_in: int
    mfa_ok: bool

    def __post_init__(self) -> None:
        _require_second_factor(self.mfa_ok and self.enabled)


@dataclass(frozen=True)
class CodeSent:
    """Destination (masked) and lifetime of a code that was sent by SMS."""

    phone: str
    expires_in: int
    resend_in: int


@dataclass(frozen=True)
class PhoneVerified:
    """Verified phone number. A first enrolment also gives recovery codes and an access token."""

    phone_verified: bool
    phone: str
    recovery_codes: Optional[tuple[str, ...]] = field(default=None, repr=False)
    access_token: Optional[str] = field(default=None, repr=False)
    expires_in: Optional[int] = None
    mfa_ok: Optional[bool] = None

    def __post_init__(self) -> None:
        _require_second_factor(self.phone_verified and (self.access_token is None or self.mfa_ok is True))


@dataclass(frozen=True)
class AccountStatus:
    """MFA status of the account. Times are RFC 3339."""

    user_id: int
    mfa_enforced: bool
    totp_enabled: bool
    totp_enrolled_at: Optional[str]
    phone: Optional[str]
    phone_verified: bool
    backup_method: str
    recovery_codes_left: int
    locked: bool
    lock_until: Optional[str]
    failed_attempts: int
    last_success_at: Optional[str]
    last_method: Optional[str]


@dataclass(frozen=True)
class Method:
    """Verification method and whether it can be used now."""

    method: str
    label: str
    available: bool
    reason: Optional[str] = None


@dataclass(frozen=True)
class RecoveryCode:
    """Recovery code, without the code itself."""

    id: str
    used: bool
    used_at: Optional[str]


@dataclass(frozen=True)
class RecoveryCodes:
    """Recovery codes of the account, without the codes themselves."""

    codes: tuple[RecoveryCode, ...]
    left: int
    generated_at: Optional[str]


@dataclass(frozen=True)
class Event:
    """Security event of the user."""

    id: int
    at: Optional[str]
    event: str
    method: Optional[str]
    outcome: str
    ip: Optional[str]
    user_agent: Optional[str]


@dataclass(frozen=True)
class Session:
    """Session of the user: a two-factor access token that is accepted."""

    id: str
    #: The token of the request is the one of this session.
    current: bool
    created_at: Optional[str]
    ip: Optional[str]
    user_agent: Optional[str]
    #: ``None`` if an administrator issued the token.
    method: Optional[str]


@dataclass(frozen=True)
class TokenState:
    """Result of token introspection (RFC 7662). Only an active token has claims."""

    active: bool
    sub: Optional[str] = None
    username: Optional[str] = None
    email: Optional[str] = None
    iss: Optional[str] = None
    aud: Optional[str] = None
    exp: Optional[int] = None
    iat: Optional[int] = None
    nbf: Optional[int] = None
    jti: Optional[str] = None
    acr: Optional[str] = None
    amr: Optional[tuple[str, ...]] = None
    auth_time: Optional[int] = None
    mfa_ok: Optional[bool] = None
    mfa_pending: Optional[bool] = None


def read(model: type[Model], data: object) -> Model:
    """Reads a model from JSON. Unknown members are ignored, because later versions may add some.

    Raises ValueError if a member is missing or has another type.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"{model.__name__} is not an object")
    values: dict[str, Any] = {}
    for name, hint, required in _members(model):
        if name in data:
            values[name] = _convert(hint, data[name], f"{model.__name__}.{name}")
        elif required:
            raise ValueError(f"{model.__name__}.{name} is missing")
    return model(**values)


def _members(model: type[Any]) -> tuple[tuple[str, Any, bool], ...]:
    hints = get_type_hints(model)
    return tuple(
        (it.name, hints[it.name], it.default is dataclasses.MISSING) for it in dataclasses.fields(model)
    )


def _convert(hint: Any, value: Any, place: str) -> Any:
    if get_origin(hint) is Union:  # Optional
        return None if value is None else _convert(get_args(hint)[0], value, place)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{place} is not an array")
        return tuple(_convert(get_args(hint)[0], it, place) for it in value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return read(hint, value)
    # `type` instead of `isinstance`: a boolean is not an integer.
    if type(value) is not hint:
        raise ValueError(f"{place} is not a {hint.__name__}")
    return value


def _require_second_factor(verified: bool) -> None:
    if verified is not True:
        raise ValueError("the response does not confirm the second factor")
