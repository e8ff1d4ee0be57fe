"""Enrols an authenticator app and logs in with it, through the Python client that OpenAPI Generator has generated.

Arguments: URL of the server, user name, password. The password is that of a user without a factor.
"""

import base64
import hmac
import json
import pathlib
import sys
import time

import nova_mfa_generated as generated
from nova_mfa_generated import models


def main(document: str, url: str, username: str, password: str) -> None:
    check_names(pathlib.Path(document))
    login = log_in(url, username, password)
    assert isinstance(login, models.LoginComplete), type(login)
    assert (login.mfa_required, login.mfa_ok) == (False, False)
    api = api_of(url, "one_factor", login.access_token)
    started = api.start_totp_enrolment(models.EnrolmentRequest(label=username))
    confirmed = api.verify_totp_enrolment(models.TotpCodeRequest(code=totp(started.secret)))
    assert confirmed.enabled and confirmed.mfa_ok and len(confirmed.recovery_codes) == 10
    pending = log_in(url, username, password)
    assert isinstance(pending, models.SecondFactorRequired), type(pending)
    assert pending.mfa_required and not pending.enrolment_required
    # The code of the next time step: the enrolment has used the current one.
    api = api_of(url, "pending", pending.mfa_token)
    request = models.TotpCodeRequest(code=totp(started.secret, 1))
    granted = api.verify_totp(request).actual_instance
    assert isinstance(granted, models.VerifyResponse), type(granted)
    assert (granted.mfa_ok, granted.method) == (True, "totp")
    assert problem_of(api.verify_totp, request) == models.ProblemCode.TOKEN_SPENT
    api = api_of(url, "two_factors", granted.access_token)
    status = api.status()
    assert (status.totp_enabled, status.phone, status.last_method) == (True, None, "totp")
    assert status.totp_enrolled_at is not None and status.lock_until is None
    removed = api.remove_phone()
    assert (removed.phone, removed.backup_method) == (None, "none")
    assert api.revoke_token().revoked
    assert problem_of(api.status) == models.ProblemCode.TOKEN_REVOKED


def check_names(document: pathlib.Path) -> None:
    """Requires one class for each schema: a further one is a schema without a name."""
    schemas = set(json.loads(document.read_text("utf-8"))["components"]["schemas"])
    classes = {it.__name__ for it in vars(models).values() if isinstance(it, type)}
    assert classes == schemas, sorted(classes ^ schemas)


def log_in(url: str, username: str, password: str) -> object:
    api = generated.AuthApi(generated.ApiClient(generated.Configuration(host=url)))
    return api.login(models.LoginRequest(username=username, password=password)).actual_instance


def api_of(url: str, scheme: str, token: str) -> "generated.MFA2FAApi":
    configuration = generated.Configuration(host=url, access_token=token)
    assert scheme in configuration.auth_settings(), scheme
    return generated.MFA2FAApi(generated.ApiClient(configuration))


def problem_of(call, *arguments) -> "models.ProblemCode":
    try:
        call(*arguments)
    except generated.ApiException as error:
        problem = models.Problem.from_json(error.body)
        assert problem.status == error.status
        return problem.code
    raise AssertionError("the call must fail")


def totp(secret: str, step: int = 0) -> str:
    """Code of an authenticator app (RFC 6238), `step` time steps after now."""
    counter = int(time.time()) // 30 + step
    digest = hmac.digest(base64.b32decode(secret), counter.to_bytes(8, "big"), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


if __name__ == "__main__":
    main(*sys.argv[1:])
