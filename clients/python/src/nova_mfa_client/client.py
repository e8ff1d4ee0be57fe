"""Client of the HTTP API."""

from __future__ import annotations

from types import TracebackType
from typing import Optional, TypeVar

import httpx

from . import calls
from .errors import ServerUnreachable
from .models import (
    AccessGrant,
    AccountStatus,
    CodeSent,
    Event,
    Login,
    Method,
    PhoneVerified,
    RecoveryCodes,
    Session,
    TokenState,
    TotpEnrolled,
    TotpEnrolment,
)

Result = TypeVar("Result")


class MfaClient:
    """Client of a server. One client serves all users: each method takes the token of its user.

    Methods raise :class:`ApiError` for a problem document, :class:`ServerUnreachable` without a response, and
    :class:`UnexpectedResponse` otherwise. No request is repeated. ``language`` is that of texts: ``en`` or ``fr``.
    """

    def __init__(
        self,
        base_url: str,
        *,
        language: str = "en",
        timeout: float = 10,
        transport: Optional[httpx.BaseTransport] = None,
    ) -> None:
        self._http = httpx.Client(transport=transport, **calls.settings(base_url, language, timeout))

    def _send(self, call: calls.Call[Result]) -> Result:
        try:
            response = self._http.request(**call.arguments())
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"no response: {type(error).__name__}") from error
        return call.result(response)

    def login(self, username: str, password: str) -> Login:
        """Logs in with a password. Not available if the server has ``LOGIN_ENABLED=false``."""
        return self._send(calls.login(username, password))

    def verify_totp(self, token: str, code: str) -> AccessGrant:
        """Exchanges a code of the authenticator app for a two-factor access token."""
        return self._send(calls.verify_totp(token, code))

    def verify_sms(self, token: str, code: str) -> AccessGrant:
        """Exchanges a code from an SMS for a two-factor access token."""
        return self._send(calls.verify_sms(token, code))

    def verify_recovery(self, token: str, code: str) -> AccessGrant:
        """Exchanges a recovery code for a two-factor access token."""
        return self._send(calls.verify_recovery(token, code))

    def send_sms(self, token: str) -> CodeSent:
        """Sends a code by SMS to the verified phone number."""
        return self._send(calls.send_sms(token))

    def start_totp_enrolment(self, token: str, label: Optional[str] = None) -> TotpEnrolment:
        """Generates a new TOTP secret."""
        return self._send(calls.start_totp_enrolment(token, label))

    def confirm_totp_enrolment(self, token: str, code: str) -> TotpEnrolled:
        """Verifies the first code of the new secret and returns the recovery codes."""
        return self._send(calls.confirm_totp_enrolment(token, code))

    def disable_totp(self, token: str, code: str) -> None:
        """Removes the authenticator app."""
        self._send(calls.disable_totp(token, code))

    def set_phone(self, token: str, phone: str, country: Optional[str] = None) -> CodeSent:
        """Sends a code to a new phone number. ``country`` is that of a national number, by default ``FR``."""
        return self._send(calls.set_phone(token, phone, country))

    def verify_phone(self, token: str, code: str) -> PhoneVerified:
        """Verifies the new phone number."""
        return self._send(calls.verify_phone(token, code))

    def remove_phone(self, token: str) -> None:
        """Removes the phone number."""
        self._send(calls.remove_phone(token))

    def set_backup_method(self, token: str, method: str) -> None:
        """Sets the backup method: ``sms`` or ``none``."""
        self._send(calls.set_backup_method(token, method))

    def regenerate_recovery_codes(self, token: str) -> tuple[str, ...]:
        """Generates ten new recovery codes and invalidates all earlier ones."""
        return self._send(calls.regenerate_recovery_codes(token))

    def recovery_codes(self, token: str) -> RecoveryCodes:
        """Returns which recovery codes are used, never the codes themselves."""
        return self._send(calls.recovery_codes(token))

    def status(self, token: str) -> AccountStatus:
        """Returns the MFA status of the account."""
        return self._send(calls.status(token))

    def methods(self, token: str) -> tuple[Method, ...]:
        """Returns the verification methods of the account, the preferred one first."""
        return self._send(calls.methods(token))

    def events(self, token: str, *, limit: Optional[int] = None, before: Optional[int] = None) -> tuple[Event, ...]:
        """Returns the security events of the user, newest first."""
        return self._send(calls.events(token, limit=limit, before=before))

    def sessions(self, token: str) -> tuple[Session, ...]:
        """Returns where the user is logged in, newest first."""
        return self._send(calls.sessions(token))

    def revoke_session(self, token: str, session: str) -> None:
        """Revokes a session of the user by its id; that of the token too, as a logout."""
        self._send(calls.revoke_session(token, session))

    def revoke_other_sessions(self, token: str) -> int:
        """Revokes every token of the user but this one. Returns how many sessions were listed."""
        return self._send(calls.revoke_other_sessions(token))

    def revoke(self, token: str) -> None:
        """Revokes the token: logs out."""
        self._send(calls.revoke(token))

    def introspect(self, key: str, token: str) -> TokenState:
        """Returns whether a token is active now. ``key`` is the setting ``INTROSPECTION_KEY``."""
        return self._send(calls.introspect(key, token))

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> MfaClient:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()
