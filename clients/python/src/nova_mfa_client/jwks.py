"""Public keys (JWKS) for EdDSA and ES256, read from the server and cached."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit

import httpx
import jwt
from jwt.algorithms import has_crypto

from .errors import KeysUnavailable, TokenInvalid
from .jws import VerificationKey

#: Algorithm of each kind of key. Symmetric keys are not among them.
_ALGORITHMS = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class _Cache(NamedTuple):
    """Keys and the time at which they were read. Replaced as a whole, so that readers need no lock."""

    keys: dict[str, VerificationKey]
    read_at: float


class JwksKeys:
    """Keys of a JWK set (``/.well-known/jwks.json``).

    The set is read again when it is older than ``max_age`` seconds, and for an unknown key id, but then not more often
    than every ``min_interval`` seconds. If it cannot be read, the keys are used until ``max_age``, then no token is
    accepted. Redirects are not followed. ``http`` is a client with options of its own, such as a certificate authority.
    """

    def __init__(
        self,
        url: str,
        *,
        max_age: float = 300,
        min_interval: float = 10,
        timeout: float = 5,
        allow_http: bool = False,
        http: Optional[httpx.Client] = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (
            parts.scheme == "http" and (allow_http or parts.hostname in _LOOPBACK)
        ):
            raise ValueError("the URL of the keys must use https: whoever changes the keys can sign tokens")
        if not has_crypto:
            raise RuntimeError("public keys need cryptography: install nova-mfa-client[jwks]")
        if not 0 <= min_interval <= max_age or max_age == 0:
            raise ValueError("min_interval must not be negative, nor greater than max_age")
        self._url, self._max_age, self._min_interval, self._clock = url, max_age, min_interval, clock
        self._timeout, self._http = timeout, http
        self._lock = Lock()
        self._cache: Optional[_Cache] = None
        self._tried_at: Optional[float] = None

    def find(self, key_id: str) -> VerificationKey:
        """Returns the key with this id."""
        found = self._find_cached(key_id)
        if found is not None:
            return found
        # Readers of known keys do not wait for this lock, so that unknown ids delay nobody else.
        with self._lock:
            found = self._find_cached(key_id)
            if found is None:
                self._refresh()
                found = self._find_cached(key_id)
        if found is None:
            raise TokenInvalid("signed with another key")
        return found

    def _find_cached(self, key_id: str) -> Optional[VerificationKey]:
        cache = self._cache
        return cache.keys.get(key_id) if cache is not None and self._is_fresh(cache) else None

    def _is_fresh(self, cache: _Cache) -> bool:
        return self._clock() - cache.read_at < self._max_age

    def _refresh(self) -> None:
        """Reads the keys, unless that was tried a moment ago. Without fresh keys, a failure is an error."""
        required = self._cache is None or not self._is_fresh(self._cache)
        now = self._clock()
        if self._tried_at is not None and now - self._tried_at < self._min_interval:
            if required:
                raise KeysUnavailable("the public keys could not be read a moment ago")
            return
        self._tried_at = now
        try:
            self._cache = _Cache(self._fetch(), now)
        except (httpx.HTTPError, httpx.InvalidURL, RecursionError, ValueError) as error:
            if required:
                raise KeysUnavailable("the public keys cannot be read") from error

    def _fetch(self) -> dict[str, VerificationKey]:
        if self._http is not None:
            response = self._get(self._http)
        else:
            # Reads are rare: a client of its own leaves no connection open.
            with httpx.Client() as http:
                response = self._get(http)
        if response.status_code != 200:
            raise ValueError(f"status {response.status_code}")
        document: Any = response.json()
        listed = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(listed, list):
            raise ValueError("not a JWK set")
        keys: dict[str, VerificationKey] = {}
        for jwk in listed:
            read = _read_key(jwk)
            if read is None:
                continue
            key_id, key = read
            if key_id in keys:
                raise ValueError("two keys with one id")
            keys[key_id] = key
        return keys

    def _get(self, http: httpx.Client) -> httpx.Response:
        headers = {"Accept": "application/json"}
        return http.get(self._url, headers=headers, timeout=self._timeout, follow_redirects=False)

    def __repr__(self) -> str:
        return f"JwksKeys({self._url!r})"


def _read_key(jwk: Any) -> Optional[tuple[str, VerificationKey]]:
    """Reads a public key for signatures. Other keys are ignored (RFC 7517 section 5)."""
    if not isinstance(jwk, dict):
        return None
    algorithm, key_id = _ALGORITHMS.get((str(jwk.get("kty")), str(jwk.get("crv")))), jwk.get("kid")
    if algorithm is None or jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        return None
    if not isinstance(key_id, str) or not key_id or "d" in jwk:
        return None
    try:
        return key_id, VerificationKey(algorithm, jwt.PyJWK(jwk, algorithm).key)
    except (jwt.PyJWTError, TypeError, ValueError):
        return None
