"""Dependencies of FastAPI and decorators of Django."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Optional, Union

import django
import httpx
import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import RequestFactory
from fastapi import Depends, FastAPI

from nova_mfa_client import AccessToken, JwksKeys, PendingTokenIssuer, TokenVerifier
from nova_mfa_client import django as for_django
from nova_mfa_client import fastapi as for_fastapi

from .forge import OTHER_SECRET, SECRET, claims, hmac_signed, one_factor, token

if not settings.configured:
    settings.configure(SECRET_KEY="tests", DEBUG=False)
    django.setup()

VERIFIER = TokenVerifier.with_secret(SECRET)
OFFLINE = TokenVerifier(
    JwksKeys(
        "https://mfa.example.com/jwks",
        http=httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(500))),
    )
)
app = FastAPI()


@app.get("/account")
def account(user: AccessToken = Depends(for_fastapi.require_mfa(VERIFIER))) -> dict[str, int]:
    return {"user": user.user_id}


@app.get("/transfer")
def transfer(user: AccessToken = Depends(for_fastapi.require_mfa(VERIFIER, max_age=600))) -> dict[str, int]:
    return {"user": user.user_id}


@app.get("/profile")
def profile(user: AccessToken = Depends(for_fastapi.require_token(VERIFIER))) -> dict[str, bool]:
    return {"mfa_ok": user.mfa_ok}


@app.get("/offline")
def offline(user: AccessToken = Depends(for_fastapi.require_mfa(OFFLINE))) -> dict[str, int]:
    return {"user": user.user_id}


@for_django.require_mfa(VERIFIER)
def account_view(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"user": for_django.access_token(request).user_id})


@for_django.require_mfa(VERIFIER, max_age=600)
def transfer_view(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"user": for_django.access_token(request).user_id})


@for_django.require_token(VERIFIER)
def profile_view(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"mfa_ok": for_django.access_token(request).mfa_ok})


@for_django.require_mfa(OFFLINE)
def offline_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("not reached")


@for_django.require_mfa(VERIFIER)
async def async_view(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"user": for_django.access_token(request).user_id})


VIEWS = {
    "/account": account_view,
    "/transfer": transfer_view,
    "/profile": profile_view,
    "/offline": offline_view,
}


def get(
    application: FastAPI, path: str, headers: Union[dict[str, str], list[tuple[str, str]]]
) -> httpx.Response:
    """Calls an application without a server."""

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(run())


class Answer:
    """Response of either framework."""

    def __init__(self, status: int, headers: Any, body: str) -> None:
        self.status, self.headers, self.body = status, headers, body


def ask_fastapi(path: str, authorization: Optional[str]) -> Answer:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = get(app, path, headers)
    return Answer(answer.status_code, answer.headers, answer.text)


def ask_django(path: str, authorization: Optional[str]) -> Answer:
    meta: dict[str, Any] = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    answer = VIEWS[path](RequestFactory().get(path, **meta))
    return Answer(answer.status_code, answer.headers, answer.content.decode())


ASK = pytest.mark.parametrize("ask", [ask_fastapi, ask_django])
PENDING = PendingTokenIssuer(SECRET).mint(user_id=42, email="a@example.com", is_superuser=False, session=0)
STALE = token(claims(auth_time=int(time.time()) - 3000))
INVALID = 'Bearer error="invalid_token"'
INSUFFICIENT = 'Bearer error="insufficient_user_authentication", acr_values="aal2"'


@ASK
@pytest.mark.parametrize(
    ("path", "authorization", "status", "code", "challenge"),
    [
        ("/account", None, 401, "token_missing", "Bearer"),
        ("/account", "", 401, "token_missing", "Bearer"),
        ("/account", "Bearer", 401, "token_missing", "Bearer"),
        ("/account", f"Basic {token()}", 401, "token_missing", "Bearer"),
        ("/account", token(), 401, "token_missing", "Bearer"),
        ("/account", "Bearer x", 401, "token_invalid", INVALID),
        ("/account", f"Bearer {token()},{token()}", 401, "token_invalid", INVALID),
        ("/account", f"Bearer {token()} x", 401, "token_invalid", INVALID),
        ("/account", f"Bearer {hmac_signed({'alg': 'none'}, claims())}", 401, "token_invalid", INVALID),
        ("/account", f"Bearer {token(claims(aud='other'))}", 401, "token_invalid", INVALID),
        ("/account", f"Bearer {hmac_signed({}, claims(), OTHER_SECRET.encode())}", 401, "token_invalid", INVALID),
        ("/account", f"Bearer {token(claims(1_700_000_000))}", 401, "token_expired", INVALID),
        ("/account", f"Bearer {PENDING}", 403, "wrong_token_stage", INSUFFICIENT),
        ("/account", f"Bearer {token(one_factor())}", 403, "wrong_token_stage", INSUFFICIENT),
        ("/profile", f"Bearer {PENDING}", 403, "wrong_token_stage", INSUFFICIENT),
        ("/transfer", f"Bearer {STALE}", 401, "step_up_required", f'{INSUFFICIENT}, max_age="600"'),
    ],
)
def test_a_request_without_a_suitable_token_is_rejected(
    ask: Any, path: str, authorization: Optional[str], status: int, code: str, challenge: str
) -> None:
    answer = ask(path, authorization)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (status, challenge)
    assert f'"{code}"' in answer.body
    assert authorization is None or len(authorization) < 20 or authorization[7:] not in answer.body


@ASK
def test_a_request_with_a_suitable_token_is_served(ask: Any) -> None:
    for path in ("/account", "/transfer"):
        for scheme in ("Bearer", "bearer"):
            answer = ask(path, f"{scheme} {token()}")
            assert (answer.status, "42" in answer.body) == (200, True)
    assert ask("/account", f"Bearer {STALE}").status == 200
    assert ask("/profile", f"Bearer {token(one_factor())}").status == 200


@ASK
def test_without_public_keys_no_request_is_served(ask: Any) -> None:
    answer = ask("/offline", f"Bearer {token()}")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    assert "keys_unavailable" in answer.body


def test_two_authorization_headers_are_rejected() -> None:
    headers = [("Authorization", f"Bearer {token()}"), ("Authorization", "Bearer x")]
    assert get(app, "/account", headers).status_code == 401


def test_an_asynchronous_view_is_protected_too() -> None:
    def ask(authorization: str) -> int:
        request = RequestFactory().get("/", HTTP_AUTHORIZATION=authorization)
        return int(asyncio.run(async_view(request)).status_code)

    assert ask(f"Bearer {token()}") == 200
    assert ask(f"Bearer {token(one_factor())}") == 403
    assert ask("") == 401


def test_the_problem_document_of_django_names_its_type() -> None:
    answer = account_view(RequestFactory().get("/"))
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b"urn:nova-mfa:problem:token_missing" in answer.content


def test_a_view_without_a_decorator_has_no_token() -> None:
    request = RequestFactory().get("/")
    with pytest.raises(RuntimeError, match="decorator"):
        for_django.access_token(request)


def test_the_document_of_fastapi_has_the_scheme() -> None:
    document = app.openapi()
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert document["paths"]["/account"]["get"]["security"] == [{"HTTPBearer": []}]
