"""Access tokens that are signed with private keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Union

import httpx
import pytest

from nova_mfa_client import JwksKeys, KeysUnavailable, TokenError, TokenInvalid, TokenVerifier

from . import forge
from .forge import SECRET, Ed25519, P256, Rsa, claims

URL = "https://mfa.example.com/.well-known/jwks.json"
ED, EC, RSA = Ed25519(), P256(), Rsa()
OCTET = {"kty": "oct", "k": forge.b64(SECRET.encode()), "alg": "HS256", "use": "sig", "kid": forge.key_id(SECRET)}


class Source:
    """Server of keys, with a clock that the test moves."""

    def __init__(self, *keys: dict[str, Any], max_age: float = 300, min_interval: float = 10) -> None:
        self.now, self.calls = 0.0, 0
        self.answer: Union[httpx.Response, Exception, None] = None
        self.keys = list(keys)
        http = httpx.Client(transport=httpx.MockTransport(self._respond))
        self.set = JwksKeys(
            URL, max_age=max_age, min_interval=min_interval, http=http, clock=lambda: self.now
        )
        self.verifier = TokenVerifier(self.set)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == URL
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or httpx.Response(200, json={"keys": self.keys})

    def reject(self, text: str, error: type[TokenError] = TokenInvalid) -> None:
        with pytest.raises(TokenError) as raised:
            self.verifier.verify(text)
        assert type(raised.value) is error


@pytest.mark.parametrize("key", [ED, EC])
def test_a_token_of_a_published_key_is_accepted(key: Union[Ed25519, P256]) -> None:
    source = Source(ED.jwk, EC.jwk)
    assert source.verifier.require_mfa(key.sign(claims())).user_id == 42
    text = key.sign(claims())
    source.reject(text[:-8] + ("AAAAAAA" + text[-1]))
    source.reject(key.sign(claims(aud="another")))


def test_a_public_key_is_never_an_hmac_secret() -> None:
    source = Source(ED.jwk, EC.jwk, RSA.jwk, OCTET)
    secrets = [SECRET.encode(), RSA.pem, RSA.pem.strip()]
    secrets += [str(it).encode() for key in (ED, EC) for it in key.jwk.values()]
    for kid in (ED.id, EC.id, RSA.id, forge.key_id(SECRET)):
        for secret in secrets:
            source.reject(forge.hmac_signed(forge.header(kid=kid), claims(), secret))


def test_the_key_determines_the_algorithm() -> None:
    source = Source(ED.jwk, EC.jwk, RSA.jwk)
    source.reject(RSA.sign(claims()))
    source.reject(ED.sign(claims(), alg="ES256"))
    source.reject(EC.sign(claims(), alg="EdDSA"))
    source.reject(ED.sign(claims(), kid=EC.id))
    source.reject(ED.sign(claims(), kid=EC.id, alg="ES256"))
    for algorithm in ("none", "HS256", "RS256"):
        source.reject(ED.sign(claims(), alg=algorithm))
    source.reject(f"{forge.unsigned(forge.header(alg='none', kid=ED.id), claims())}.")


@pytest.mark.parametrize(
    "change",
    [{"use": "enc"}, {"alg": "ES256"}, {"crv": "X25519"}, {"kty": "EC"}, {"x": "!"}, {"x": ""}, {"d": ED.secret}, {"kid": 1}],
)
def test_an_unsuitable_key_is_not_used(change: dict[str, Any]) -> None:
    Source({**ED.jwk, **change}).reject(ED.sign(claims()))


def test_the_keys_are_read_once_and_then_from_the_cache() -> None:
    source = Source(ED.jwk)
    assert source.calls == 0
    for _ in range(5):
        assert source.verifier.verify(ED.sign(claims()))
    assert source.calls == 1
    source.now = 301
    assert source.verifier.verify(ED.sign(claims()))
    assert source.calls == 2


def test_a_new_key_is_found_and_a_removed_one_ends() -> None:
    source = Source(ED.jwk)
    assert source.verifier.verify(ED.sign(claims()))
    source.keys, source.now = [EC.jwk], 20
    assert source.verifier.verify(EC.sign(claims()))
    assert source.calls == 2
    source.reject(ED.sign(claims()))


def test_unknown_keys_cause_few_requests() -> None:
    source = Source(ED.jwk)
    for _ in range(50):
        source.reject(Ed25519().sign(claims()))
        assert source.verifier.verify(ED.sign(claims()))
    assert source.calls == 1
    source.now = 11
    for _ in range(50):
        source.reject(Ed25519().sign(claims()))
    assert source.calls == 2


def test_many_requests_at_once_read_the_keys_once() -> None:
    source = Source(ED.jwk)
    text = ED.sign(claims())
    with ThreadPoolExecutor(16) as pool:
        users = list(pool.map(lambda _: source.verifier.verify(text).user_id, range(64)))
    assert (users, source.calls) == ([42] * 64, 1)


FAILURES = [
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    httpx.Response(500),
    httpx.Response(500, json={"keys": [ED.jwk]}),
    httpx.Response(203, json={"keys": [ED.jwk]}),
    httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"}),
    httpx.Response(200, text="<html>"),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={"keys": {}}),
    httpx.Response(200, json={"keys": [ED.jwk, ED.jwk]}),
]


@pytest.mark.parametrize("failure", FAILURES)
def test_without_keys_no_token_is_accepted(failure: Union[httpx.Response, Exception]) -> None:
    source = Source(ED.jwk)
    source.answer = failure
    text = ED.sign(claims())
    source.reject(text, KeysUnavailable)
    source.reject(text, KeysUnavailable)
    assert source.calls == 1, "the second attempt waits"
    source.answer, source.now = None, 10
    assert source.verifier.verify(text)


def test_keys_survive_a_failure_until_they_are_old() -> None:
    source = Source(ED.jwk)
    text = ED.sign(claims())
    assert source.verifier.verify(text)
    source.answer, source.now = httpx.ConnectError("refused"), 290
    source.reject(EC.sign(claims()))
    assert source.verifier.verify(text)
    source.now = 300
    source.reject(text, KeysUnavailable)
    assert KeysUnavailable.status == 503


@pytest.mark.parametrize("url", ["http://mfa.example.com/jwks", "ftp://x/jwks", "/jwks", "", "file:///etc/jwks"])
def test_keys_come_over_https(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        TokenVerifier.with_jwks(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8200/jwks", "http://[::1]/jwks", "http://localhost/jwks"])
def test_keys_of_the_same_machine_may_come_over_http(url: str) -> None:
    assert TokenVerifier.with_jwks(url)


def test_a_useless_cache_is_rejected() -> None:
    for max_age, min_interval in ((0, 0), (-1, 0), (5, 10), (10, -1)):
        with pytest.raises(ValueError, match="min_interval"):
            Source(max_age=max_age, min_interval=min_interval)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nova_mfa_client.jwks.has_crypto", False)
    with pytest.raises(RuntimeError, match=r"nova-mfa-client\[jwks\]"):
        JwksKeys(URL)
