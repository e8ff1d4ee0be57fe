"""Calls of a live server."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Optional

import pytest

from nova_mfa_client import (
    ApiError,
    AsyncMfaClient,
    MfaClient,
    MfaRequired,
    PendingToken,
    PendingTokenIssuer,
    ServerUnreachable,
    TokenInvalid,
    TokenVerifier,
    TotpEnrolled,
)

from .conftest import INTROSPECTION_KEY, Server, password
from .forge import OTHER_SECRET, SECRET, totp

VERIFIER = TokenVerifier.with_secret(SECRET)
NUMBERS = itertools.count(1)


class User:
    """User of the live server with an authenticator app."""

    def __init__(self, server: Server, client: MfaClient) -> None:
        self.name = f"user{next(NUMBERS)}"
        self.id = server.add_user(self.name)
        self.client = client
        login = client.login(self.name, password(self.name))
        assert (login.mfa_required, login.access_token) == (False, login.token)
        self.one_factor = login.token
        started = client.start_totp_enrolment(login.token, label=self.name)
        self.secret = started.secret
        assert started.otpauth_uri.startswith("otpauth://totp/")
        assert self.secret not in repr(started)
        self.enrolled: TotpEnrolled = client.confirm_totp_enrolment(login.token, totp(self.secret))

    def pending(self) -> str:
        login = self.client.login(self.name, password(self.name))
        assert login.mfa_required and login.mfa_token
        assert not login.enrolment_required
        return login.mfa_token

    def code(self, step: int = 1) -> str:
        """Code of the next time step: the enrolment has used the current one."""
        return totp(self.secret, step)


@pytest.fixture
def client(server: Server) -> Iterator[MfaClient]:
    with MfaClient(server.url) as client:
        yield client


@pytest.fixture
def ada(server: Server, client: MfaClient) -> User:
    return User(server, client)


def code_of(error: pytest.ExceptionInfo[ApiError]) -> tuple[int, str]:
    return error.value.status, error.value.code


def test_a_login_with_an_app_gives_a_token_that_the_verifier_accepts(ada: User, client: MfaClient) -> None:
    with pytest.raises(MfaRequired):
        VERIFIER.require_mfa(ada.one_factor)
    assert VERIFIER.verify(ada.one_factor).user_id == ada.id
    assert len(ada.enrolled.recovery_codes) == 10
    assert VERIFIER.require_mfa(ada.enrolled.access_token).user_id == ada.id
    pending = ada.pending()
    with pytest.raises(PendingToken):
        VERIFIER.verify(pending)
    grant = client.verify_totp(pending, ada.code())
    verified = VERIFIER.require_mfa(grant.access_token, max_age=60)
    assert (verified.user_id, verified.email) == (ada.id, f"{ada.name}@example.com")
    assert (grant.method, verified.amr, verified.acr) == ("totp", ("pwd", "otp", "mfa"), "aal2")
    with pytest.raises(ApiError) as spent:
        client.verify_totp(pending, ada.code(0))
    assert code_of(spent) == (401, "token_spent")


def test_a_recovery_code_works_once(ada: User, client: MfaClient) -> None:
    code = ada.enrolled.recovery_codes[0]
    grant = client.verify_recovery(ada.pending(), code)
    assert (grant.method, grant.recovery_codes_left) == ("recovery", 9)
    assert VERIFIER.require_mfa(grant.access_token).claims["rec"] is True
    with pytest.raises(ApiError) as used:
        client.verify_recovery(ada.pending(), code)
    assert code_of(used) == (401, "invalid_code")
    listed = client.recovery_codes(grant.access_token)
    assert (listed.left, len(listed.codes), sum(it.used for it in listed.codes)) == (9, 10, 1)
    fresh = client.regenerate_recovery_codes(grant.access_token)
    assert len(fresh) == 10 and code not in fresh


def test_a_minted_pending_token_is_accepted_by_the_server(ada: User, client: MfaClient) -> None:
    session = VERIFIER.verify(ada.enrolled.access_token).session
    person = {"user_id": ada.id, "email": f"{ada.name}@example.com", "is_superuser": False, "session": session}

    def mint(secret: str = SECRET, issuer: str = "nova-mfa", session: Optional[int] = None) -> str:
        changes = {} if session is None else {"session": session}
        return PendingTokenIssuer(secret, issuer=issuer).mint(**{**person, **changes})  # type: ignore[arg-type]

    assert [it.method for it in client.methods(mint()) if it.available] == ["totp", "recovery"]
    assert VERIFIER.require_mfa(client.verify_totp(mint(), ada.code()).access_token).user_id == ada.id
    for token, code in (
        (mint(OTHER_SECRET), "token_invalid"),
        (mint(issuer="another"), "token_invalid"),
        (mint(session=session + 1), "token_revoked"),
    ):
        with pytest.raises(ApiError) as refused:
            client.methods(token)
        assert code_of(refused) == (401, code)


def test_the_status_and_the_events_of_the_account(ada: User, client: MfaClient) -> None:
    token = ada.enrolled.access_token
    status = client.status(token)
    assert (status.user_id, status.totp_enabled, status.recovery_codes_left) == (ada.id, True, 10)
    assert (status.phone, status.backup_method, status.locked) == (None, "none", False)
    events = client.events(token, limit=1)
    assert len(events) == 1
    earlier = client.events(token, before=events[0].id)
    assert earlier and all(it.id < events[0].id for it in earlier)
    assert "totp_enroll" in {it.event for it in (*events, *earlier)}


def test_errors_have_code_status_and_detail(ada: User, client: MfaClient, server: Server) -> None:
    with pytest.raises(ApiError) as wrong:
        client.verify_totp(ada.pending(), "000000")
    assert code_of(wrong) == (401, "invalid_code")
    assert wrong.value.detail and wrong.value.request_id
    with pytest.raises(ApiError) as shape:
        client.verify_totp(ada.pending(), "12")
    assert code_of(shape) == (422, "invalid_field")
    assert [it.field for it in shape.value.errors] == ["code"]
    with pytest.raises(ApiError) as credentials:
        client.login(ada.name, "wrong")
    assert code_of(credentials) == (401, "invalid_credentials")
    with pytest.raises(ApiError) as stage:
        client.status(ada.pending())
    assert code_of(stage) == (403, "wrong_token_stage")
    with MfaClient(server.url, language="fr") as french, pytest.raises(ApiError) as translated:
        french.verify_totp(ada.pending(), "000000")
    assert translated.value.code == "invalid_code"
    assert translated.value.detail != wrong.value.detail


def test_a_phone_is_set_and_its_wrong_code_is_refused(ada: User, client: MfaClient) -> None:
    token = ada.enrolled.access_token
    sent = client.set_phone(token, f"06 12 34 {ada.id % 100:02} 12", country="FR")
    assert sent.phone.startswith("+33") and sent.expires_in == 300
    with pytest.raises(ApiError) as wrong:
        client.verify_phone(token, "000000")
    assert wrong.value.code == "invalid_code"
    with pytest.raises(ApiError) as soon:
        client.set_phone(token, f"06 12 34 {ada.id % 100:02} 12")
    assert code_of(soon) == (429, "rate_limited")
    assert soon.value.retry_after is not None and 1 <= soon.value.retry_after <= 60
    with pytest.raises(ApiError) as unavailable:
        client.set_backup_method(token, "sms")
    assert code_of(unavailable) == (409, "method_not_available")
    with pytest.raises(ApiError) as no_phone:
        client.send_sms(token)
    assert code_of(no_phone) == (409, "method_not_available")
    with pytest.raises(ApiError) as no_code:
        client.verify_sms(ada.pending(), "123456")
    assert no_code.value.status in (401, 409)
    client.set_backup_method(token, "none")
    client.remove_phone(token)


def test_the_app_is_removed(ada: User, client: MfaClient) -> None:
    client.disable_totp(ada.enrolled.access_token, ada.code())
    assert client.login(ada.name, password(ada.name)).mfa_required is False


def test_a_revoked_token_is_inactive(ada: User, client: MfaClient) -> None:
    token = ada.enrolled.access_token
    state = client.introspect(INTROSPECTION_KEY, token)
    assert (state.active, state.sub, state.mfa_ok, state.mfa_pending) == (True, str(ada.id), True, None)
    assert client.introspect(INTROSPECTION_KEY, ada.pending()).mfa_pending is True
    client.revoke(token)
    gone = client.introspect(INTROSPECTION_KEY, token)
    assert (gone.active, gone.sub, gone.mfa_ok) == (False, None, None)
    with pytest.raises(ApiError) as revoked:
        client.status(token)
    assert code_of(revoked) == (401, "token_revoked")
    with pytest.raises(ApiError) as key:
        client.introspect("not-the-key", token)
    assert code_of(key) == (401, "token_invalid")


def test_the_asynchronous_client_does_the_same(ada: User, server: Server) -> None:
    async def run() -> None:
        async with AsyncMfaClient(server.url) as client:
            grant = await client.verify_totp((await client.login(ada.name, password(ada.name))).token, ada.code())
            assert VERIFIER.require_mfa(grant.access_token).user_id == ada.id
            with pytest.raises(ApiError):
                await client.verify_totp(grant.access_token, "000000")
            await client.revoke(grant.access_token)

    asyncio.run(run())


def test_an_unreachable_server_is_named_as_such() -> None:
    with MfaClient("http://127.0.0.1:9", timeout=2) as client, pytest.raises(ServerUnreachable):
        client.login("ada", "x")


def test_tokens_of_private_keys_are_verified_by_the_published_keys(server_with_public_keys: Server) -> None:
    server = server_with_public_keys
    verifier = TokenVerifier.with_jwks(f"{server.url}/.well-known/jwks.json")
    with MfaClient(server.url) as client:
        user = User(server, client)
        assert verifier.require_mfa(user.enrolled.access_token).user_id == user.id
        with pytest.raises(MfaRequired):
            verifier.require_mfa(user.one_factor)
        with pytest.raises(PendingToken):
            verifier.require_mfa(user.pending())
    # A verifier with the shared secret does not accept them, nor does this one accept HS256.
    for token in (user.enrolled.access_token, user.one_factor):
        with pytest.raises(TokenInvalid):
            VERIFIER.verify(token)
