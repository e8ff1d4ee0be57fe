"""Asynchronous client of the HTTP API."""

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


class AsyncMfaClient:
    """Asynchronous client of a server. As :class:`MfaClient`, with `async` methods.

    Methods raise :class:`ApiError` for a problem document, :class:`ServerUnreachable` without a response, and
    :class:`UnexpectedResponse` otherwise. No request is repeated. ``language`` is that of texts: ``en`` or ``fr``.
    """

    def __init__(
        self,
        base_url: str,
        *,
        language: str = "en",
        timeout: float = 10,
        transport: Optional[httpx.AsyncBaseTransport] = None,
    ) -> None:
        self._http = httpx.AsyncClient(transport=transport, **calls.settings(base_url, language, timeout))

    async def _send(self, call: calls.Call[Result]) -> Result:
        try:
            response = await self._http.request(**call.arguments())
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"no response: {type(error).__name__}") from error
        return call.result(response)

    async def login(self, username: str, password: str) -> Login:
        """Logs in with a password. Not available if the server has ``LOGIN_ENABLED=false``."""
        return await self._send(calls.login(username, password))

    async def verify_totp(self, token: str, code: str) -> AccessGrant:
        """Exchanges a code of the authenticator app for a two-factor access token."""
        return await self._send(calls.verify_totp(token, code))

    async def verify_sms(self, token: str, code: str) -> AccessGrant:
        """Exchanges a code from an SMS for a two-factor access token."""
        return await self._send(calls.verify_sms(token, code))

    async def verify_recovery(self, token: str, code: str) -> AccessGrant:
        """Exchanges a recovery code for a two-factor access token."""
        return await self._send(calls.verify_recovery(token, code))

    async def send_sms(self, token: str) -> CodeSent:
        """Sends a code by SMS to the verified phone number."""
        return await self._send(calls.send_sms(token))

    async def start_totp_enrolment(self, token: str, label: Optional[str] = None) -> TotpEnrolment:
        """Generates a new TOTP secret."""
        return await self._send(calls.start_totp_enrolment(token, label))

    async def confirm_totp_enrolment(self, token: str, code: str) -> TotpEnrolled:
        """Verifies the first code of the new secret and returns the recovery codes."""
        return await self._send(calls.confirm_totp_enrolment(token, code))

    async def disable_totp(self, token: str, code: str) -> None:
        """Removes the authenticator app."""
        await self._send(calls.disable_totp(token, code))

    async def set_phone(self, token: str, phone: str, country: Optional[str] = None) -> CodeSent:
        """Sends a code to a new phone number. ``country`` is that of a national number, by default ``FR``."""
        return await self._send(calls.set_phone(token, phone, country))

    async def verify_phone(self, token: str, code: str) -> PhoneVerified:
        """Verifies the new phone number."""
        return await self._send(calls.verify_phone(token, code))

    async def remove_phone(self, token: str) -> None:
        """Removes the phone number."""
        await self._send(calls.remove_phone(token))

    async def set_backup_method(self, token: str, method: str) -> None:
        """Sets the backup method: ``sms`` or ``none``."""
        await self._send(calls.set_backup_method(token, method))

    async def regenerate_recovery_codes(self, token: str) -> tuple[str, ...]:
        """Generates ten new recovery codes and invalidates all earlier ones."""
        return await self._send(calls.regenerate_recovery_codes(token))

    async def recovery_codes(self, token: str) -> RecoveryCodes:
        """Returns which recovery codes are used, never the codes themselves."""
        return await self._send(calls.recovery_codes(token))

    async def status(self, token: str) -> AccountStatus:
        """Returns the MFA status of the account."""
        return await self._send(calls.status(token))

    async def methods(self, token: str) -> tuple[Method, ...]:
        """Returns the verification methods of the account, the preferred one first."""
        return await self._send(calls.methods(token))

    async def events(self, token: str, *, limit: Optional[int] = None, before: Optional[int] = None) -> tuple[Event, ...]:
        """Returns the security events of the user, newest first."""
        return await self._send(calls.events(token, limit=limit, before=before))

    async def sessions(self, token: str) -> tuple[Session, ...]:
        """Returns where the user is logged in, newest first."""
        return await self._send(calls.sessions(token))

    async def revoke_session(self, token: str, session: str) -> None:
        """Revokes a session of the user by its id; that of the token too, as a logout."""
        await self._send(calls.revoke_session(token, session))

    async def revoke_other_sessions(self, token: str) -> int:
        """Revokes every token of the user but this one. Returns how many sessions were listed."""
        return await self._send(calls.revoke_other_sessions(token))

    async def revoke(self, token: str) -> None:
        """Revokes the token: logs out."""
        await self._send(calls.revoke(token))

    async def introspect(self, key: str, token: str) -> TokenState:
        """Returns whether a token is active now. ``key`` is the setting ``INTROSPECTION_KEY``."""
        return await self._send(calls.introspect(key, token))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncMfaClient:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.aclose()
