"""Reading of responses, with a server that is simulated."""

from __future__ import annotations

import inspect
import json
from typing import Any, Union

import httpx
import pytest

from nova_mfa_client import (
    ApiError,
    AsyncMfaClient,
    Login,
    MfaClient,
    NovaMfaError,
    ServerUnreachable,
    UnexpectedResponse,
)

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl"
GRANT = {
    "access_token": TOKEN,
    "token_type": "bearer",
    "expires_in": 3600,
    "mfa_ok": True,
    "method": "totp",
    "recovery_codes_left": 9,
}
PROBLEM = {
    "type": "urn:nova-mfa:problem:rate_limited",
    "title": "Too many requests",
    "status": 429,
    "detail": "Wait a moment.",
    "code": "rate_limited",
    "request_id": "r1",
    "retry_after": 6,
}


def client(answer: Union[httpx.Response, Exception]) -> MfaClient:
    def respond(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return MfaClient("https://mfa.example.com", transport=httpx.MockTransport(respond))


def problem(status: int = 429, media_type: str = "application/problem+json", **changes: Any) -> httpx.Response:
    document = {name: value for name, value in {**PROBLEM, **changes}.items() if value is not None}
    return httpx.Response(status, content=json.dumps(document), headers={"Content-Type": media_type})


def test_a_success_is_read_and_shows_no_secret() -> None:
    grant = client(httpx.Response(200, json={**GRANT, "added_later": 1})).verify_totp(TOKEN, "492039")
    assert (grant.access_token, grant.method, grant.recovery_codes_left) == (TOKEN, "totp", 9)
    assert grant.warning is None
    assert TOKEN not in repr(grant)


def test_a_problem_document_is_an_exception_with_its_members() -> None:
    errors = [{"field": "code", "message": "Six digits."}]
    with pytest.raises(ApiError) as raised:
        client(problem(errors=errors)).verify_totp(TOKEN, "492039")
    error = raised.value
    assert (error.status, error.code, error.retry_after) == (429, "rate_limited", 6)
    assert (error.title, error.detail, error.request_id) == ("Too many requests", "Wait a moment.", "r1")
    assert [(it.field, it.message) for it in error.errors] == [("code", "Six digits.")]
    assert str(error) == "429 rate_limited: Wait a moment."
    assert isinstance(error, NovaMfaError)


def test_a_code_of_a_later_version_is_passed_on() -> None:
    with pytest.raises(ApiError) as raised:
        client(problem(code="added_later", retry_after=None)).status(TOKEN)
    assert (raised.value.code, raised.value.retry_after) == ("added_later", None)


@pytest.mark.parametrize("value", ["soon", "-1", "1.5", True, [], "9" * 30])
def test_a_time_to_wait_that_is_no_number_is_none(value: Any) -> None:
    with pytest.raises(ApiError) as raised:
        client(problem(retry_after=value)).status(TOKEN)
    assert raised.value.retry_after is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(502, text="<html>Bad gateway"),
        httpx.Response(500, json={"detail": "x"}),
        httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"}),
        httpx.Response(204),
        httpx.Response(201, json=GRANT),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=None),
        httpx.Response(200, json={}),
        httpx.Response(200, json={**GRANT, "mfa_ok": False}),
        httpx.Response(200, json={**GRANT, "mfa_ok": "true"}),
        httpx.Response(200, json={**GRANT, "mfa_ok": 1}),
        httpx.Response(200, json={**GRANT, "access_token": None}),
        httpx.Response(200, json={**GRANT, "expires_in": "3600"}),
        httpx.Response(200, json={**GRANT, "expires_in": True}),
        httpx.Response(200, json={name: GRANT[name] for name in GRANT if name != "mfa_ok"}),
        problem(status=400),
        problem(media_type="application/json"),
        problem(code=7),
        problem(code=None),
        problem(errors=["x"]),
    ],
)
def test_another_response_is_never_a_success(answer: httpx.Response) -> None:
    with pytest.raises(UnexpectedResponse) as raised:
        client(answer).verify_totp(TOKEN, "492039")
    assert raised.value.status == answer.status_code
    assert TOKEN not in str(raised.value)


def test_an_enrolment_token_is_no_login() -> None:
    grant = {"enrolment_token": TOKEN, "token_type": "bearer", "expires_in": 900, "mfa_ok": False, "method": "totp"}
    with pytest.raises(UnexpectedResponse, match="the user must register a passkey first"):
        client(httpx.Response(200, json=grant)).verify_totp(TOKEN, "492039")


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.ReadError("cut")])
def test_no_response_is_an_exception(error: Exception) -> None:
    with pytest.raises(ServerUnreachable):
        client(error).verify_totp(TOKEN, "492039")


@pytest.mark.parametrize(
    "data",
    [
        {"mfa_required": True, "expires_in": 300},
        {"mfa_required": True, "expires_in": 300, "mfa_token": ""},
        {"mfa_required": True, "expires_in": 300, "access_token": TOKEN},
        {"mfa_required": True, "expires_in": 300, "mfa_token": TOKEN, "access_token": TOKEN},
        {"mfa_required": False, "expires_in": 300, "mfa_token": TOKEN},
        {"expires_in": 300, "access_token": TOKEN},
    ],
)
def test_a_login_has_the_token_of_its_stage(data: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse):
        client(httpx.Response(200, json=data)).login("ada", "x")
    assert Login(mfa_required=True, expires_in=300, mfa_token=TOKEN).token == TOKEN


@pytest.mark.parametrize("data", [{}, {"revoked": False}, {"revoked": 1}, {"revoked": "true"}, [], None])
def test_a_revocation_is_confirmed(data: Any) -> None:
    with pytest.raises(UnexpectedResponse):
        client(httpx.Response(200, json=data)).revoke(TOKEN)
    client(httpx.Response(200, json={"revoked": True})).revoke(TOKEN)


def test_sessions_are_listed_and_revoked() -> None:
    session = {"id": "0a", "current": True, "created_at": None, "ip": None, "user_agent": None, "method": "totp"}
    listed = client(httpx.Response(200, json={"sessions": [session]})).sessions(TOKEN)
    assert [(it.id, it.current, it.method) for it in listed] == [("0a", True, "totp")]
    assert client(httpx.Response(200, json={"revoked": 2})).revoke_other_sessions(TOKEN) == 2
    rejected: list[Any] = [{}, {"revoked": True}, {"revoked": -1}, {"revoked": "2"}, []]
    for data in rejected:
        with pytest.raises(UnexpectedResponse):
            client(httpx.Response(200, json=data)).revoke_other_sessions(TOKEN)
    seen: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(200, json={"revoked": True})

    fake = MfaClient("https://mfa.example.com", transport=httpx.MockTransport(respond))
    fake.revoke_session(TOKEN, "../0a")
    assert seen == ["https://mfa.example.com/api/mfa/sessions/..%2F0a/revoke"]


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Other: 1", "é", "a\n"])
def test_a_token_that_is_no_header_is_rejected_before_it_is_sent(token: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        client(httpx.Response(200, json={"revoked": True})).revoke(token)


def test_requests_have_the_method_path_token_and_body_of_the_api() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"events": []} if "events" in request.url.path else GRANT)

    fake = MfaClient("https://mfa.example.com/base", language="fr", transport=httpx.MockTransport(respond))
    fake.verify_recovery(TOKEN, "7k2m-9xqd-4htw-c8fz")
    fake.events(TOKEN, limit=5, before=9)
    fake.events(TOKEN)
    assert [(it.method, str(it.url)) for it in seen] == [
        ("POST", "https://mfa.example.com/base/api/mfa/verify/recovery"),
        ("GET", "https://mfa.example.com/base/api/mfa/events?limit=5&before=9"),
        ("GET", "https://mfa.example.com/base/api/mfa/events"),
    ]
    assert seen[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert seen[0].headers["Accept-Language"] == "fr"
    assert json.loads(seen[0].content) == {"code": "7k2m-9xqd-4htw-c8fz"}
    assert seen[1].content == b""


def test_a_url_without_a_scheme_is_rejected() -> None:
    for url in ("", "mfa.example.com", "ftp://mfa.example.com"):
        with pytest.raises(ValueError, match="https"):
            MfaClient(url)


def test_both_clients_have_the_same_methods() -> None:
    def public(kind: type) -> dict[str, str]:
        found = inspect.getmembers(kind, inspect.isfunction)
        return {name: str(inspect.signature(it)) for name, it in found if not name.startswith("_")}

    blocking, asynchronous = public(MfaClient), public(AsyncMfaClient)
    assert blocking.pop("close") == asynchronous.pop("aclose")
    assert blocking == asynchronous
    assert len(blocking) == 22
