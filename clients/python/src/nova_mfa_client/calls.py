"""Requests of the HTTP API and the reading of their responses, for both clients."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Optional, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from .errors import ApiError, UnexpectedResponse
from .models import (
    AccessGrant,
    AccountStatus,
    CodeSent,
    Event,
    FieldProblem,
    Login,
    Method,
    PhoneVerified,
    RecoveryCodes,
    Session,
    TokenState,
    TotpEnrolled,
    TotpEnrolment,
    read,
)

Result = TypeVar("Result")

_USER_AGENT = f"nova-mfa-client/0.1.0 python/{platform.python_version()}"
_MAX_RETRY_AFTER = 10**9
_MISSING = object()


@dataclass(frozen=True)
class Call(Generic[Result]):
    """Request with the reader of its response."""

    method: str
    path: str
    read: Callable[[Any], Result]
    token: Optional[str] = None
    body: Optional[Mapping[str, Any]] = None
    query: Optional[Mapping[str, int]] = None

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments of ``httpx.Client.request``."""
        headers = {}
        if self.token is not None:
            # A character that is not allowed in a header would be an error of httpx that shows the token.
            if not self.token or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
                raise ValueError("the token has characters that no token has")
            headers["Authorization"] = f"Bearer {self.token}"
        return {
            "method": self.method,
            "url": self.path,
            "headers": headers,
            "json": self.body,
            "params": self.query,
        }

    def result(self, response: httpx.Response) -> Result:
        """Reads the response. Everything but a complete success is an exception."""
        if response.status_code != 200:
            raise _error(response)
        try:
            return self.read(response.json())
        except ValueError as error:
            raise UnexpectedResponse(response.status_code, _reason(error)) from None


def settings(base_url: str, language: str, timeout: float) -> dict[str, Any]:
    """Returns the settings of an ``httpx`` client."""
    if urlsplit(base_url).scheme not in ("http", "https"):
        raise ValueError("the URL of the server must start with https:// or http://")
    return {
        "base_url": base_url,
        "timeout": timeout,
        "headers": {"Accept": "application/json", "Accept-Language": language, "User-Agent": _USER_AGENT},
        "follow_redirects": False,
    }


def _error(response: httpx.Response) -> ApiError | UnexpectedResponse:
    media_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if media_type != "application/problem+json":
        return UnexpectedResponse(response.status_code, "not a problem document")
    try:
        document = response.json()
        code, request_id = document["code"], document.get("request_id")
        errors = tuple(read(FieldProblem, it) for it in document.get("errors", ()))
        if not isinstance(code, str) or document["status"] != response.status_code:
            return UnexpectedResponse(response.status_code, "not a problem document of this API")
    except (AttributeError, KeyError, TypeError, ValueError):
        return UnexpectedResponse(response.status_code, "not a problem document of this API")
    return ApiError(
        status=response.status_code,
        code=code,
        title=str(document.get("title", "")),
        detail=str(document.get("detail", "")),
        retry_after=_seconds(document.get("retry_after", response.headers.get("Retry-After"))),
        request_id=None if request_id is None else str(request_id),
        errors=errors,
    )


def _seconds(value: object) -> Optional[int]:
    text = str(value)
    return min(int(text), _MAX_RETRY_AFTER) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _reason(error: ValueError) -> str:
    # The message of a JSON error may show a part of the body.
    return "not JSON" if type(error) is not ValueError else str(error)


def _model(model: type[Result]) -> Callable[[Any], Result]:
    return lambda data: read(model, data)


def _require(name: str, value: Any) -> Callable[[Any], None]:
    """Reads a confirmation: this member has this value."""

    def check(data: Any) -> None:
        found = data.get(name, _MISSING) if isinstance(data, dict) else _MISSING
        # 1 is not True.
        if type(found) is not type(value) or found != value:
            raise ValueError(f"{name} is not confirmed")

    return check


def _number(name: str) -> Callable[[Any], int]:
    def read_number(data: Any) -> int:
        value = data.get(name) if isinstance(data, dict) else None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValueError(f"{name} is no number")
        return value

    return read_number


def _member(name: str, model: type[Result]) -> Callable[[Any], tuple[Result, ...]]:
    def read_all(data: Any) -> tuple[Result, ...]:
        if not isinstance(data, dict) or not isinstance(data.get(name), list):
            raise ValueError(f"{name} is missing")
        return tuple(read(model, it) for it in data[name])

    return read_all


def _codes(data: Any) -> tuple[str, ...]:
    codes = data.get("recovery_codes") if isinstance(data, dict) else None
    if not isinstance(codes, list) or not codes or not all(isinstance(it, str) for it in codes):
        raise ValueError("recovery_codes is missing")
    return tuple(codes)


def _grant(path: str, token: str, code: str) -> Call[AccessGrant]:
    return Call("POST", path, _granted, token, {"code": code})


def _granted(data: Any) -> AccessGrant:
    """Reads the access token of a verified factor. This client cannot register a passkey."""
    if isinstance(data, dict) and "enrolment_token" in data:
        raise ValueError("the user must register a passkey first, on the pages of the server")
    return read(AccessGrant, data)


def login(username: str, password: str) -> Call[Login]:
    body = {"username": username, "password": password}
    return Call("POST", "/api/auth/login", _model(Login), None, body)


def verify_totp(token: str, code: str) -> Call[AccessGrant]:
    return _grant("/api/mfa/verify/totp", token, code)


def verify_sms(token: str, code: str) -> Call[AccessGrant]:
    return _grant("/api/mfa/verify/sms", token, code)


def verify_recovery(token: str, code: str) -> Call[AccessGrant]:
    return _grant("/api/mfa/verify/recovery", token, code)


def send_sms(token: str) -> Call[CodeSent]:
    return Call("POST", "/api/mfa/sms/send", _model(CodeSent), token)


def start_totp_enrolment(token: str, label: Optional[str] = None) -> Call[TotpEnrolment]:
    body = None if label is None else {"label": label}
    return Call("POST", "/api/mfa/totp/enroll/start", _model(TotpEnrolment), token, body)


def confirm_totp_enrolment(token: str, code: str) -> Call[TotpEnrolled]:
    return Call("POST", "/api/mfa/totp/enroll/verify", _model(TotpEnrolled), token, {"code": code})


def disable_totp(token: str, code: str) -> Call[None]:
    return Call("POST", "/api/mfa/totp/disable", _require("totp_enabled", False), token, {"code": code})


def set_phone(token: str, phone: str, country: Optional[str] = None) -> Call[CodeSent]:
    body = {"phone": phone} if country is None else {"phone": phone, "country": country}
    return Call("POST", "/api/mfa/phone/set", _model(CodeSent), token, body)


def verify_phone(token: str, code: str) -> Call[PhoneVerified]:
    return Call("POST", "/api/mfa/phone/verify", _model(PhoneVerified), token, {"code": code})


def remove_phone(token: str) -> Call[None]:
    return Call("DELETE", "/api/mfa/phone", _require("phone", None), token)


def set_backup_method(token: str, method: str) -> Call[None]:
    reader = _require("backup_method", method)
    return Call("POST", "/api/mfa/backup/set", reader, token, {"method": method})


def regenerate_recovery_codes(token: str) -> Call[tuple[str, ...]]:
    return Call("POST", "/api/mfa/recovery/regenerate", _codes, token)


def recovery_codes(token: str) -> Call[RecoveryCodes]:
    return Call("GET", "/api/mfa/recovery/list", _model(RecoveryCodes), token)


def status(token: str) -> Call[AccountStatus]:
    return Call("GET", "/api/mfa/status", _model(AccountStatus), token)


def methods(token: str) -> Call[tuple[Method, ...]]:
    return Call("GET", "/api/mfa/methods", _member("methods", Method), token)


def events(token: str, *, limit: Optional[int] = None, before: Optional[int] = None) -> Call[tuple[Event, ...]]:
    query = {name: value for name, value in (("limit", limit), ("before", before)) if value is not None}
    return Call("GET", "/api/mfa/events", _member("events", Event), token, None, query or None)


def sessions(token: str) -> Call[tuple[Session, ...]]:
    return Call("GET", "/api/mfa/sessions", _member("sessions", Session), token)


def revoke_session(token: str, session: str) -> Call[None]:
    return Call("POST", f"/api/mfa/sessions/{quote(session, safe='')}/revoke", _require("revoked", True), token)


def revoke_other_sessions(token: str) -> Call[int]:
    return Call("POST", "/api/mfa/sessions/revoke-others", _number("revoked"), token)


def revoke(token: str) -> Call[None]:
    return Call("POST", "/api/mfa/token/revoke", _require("revoked", True), token)


def introspect(key: str, token: str) -> Call[TokenState]:
    return Call("POST", "/api/mfa/token/introspect", _model(TokenState), key, {"token": token})
