"""The examples of the README, as printed, against a live server."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory

from .conftest import Server, password
from .forge import SECRET, totp
from .test_frameworks import VERIFIER, get

README = Path(__file__).parent.parent / "README.md"


def test_the_examples_work(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    user = server.add_user("readme")
    names: dict[str, Any] = {
        "JWT_SECRET_KEY": SECRET,
        "URL": server.url,
        "NAME": "readme",
        "PASSWORD": password("readme"),
        "code_of": totp,
        "user": SimpleNamespace(id=user, email="readme@example.com", is_superuser=False, session=0),
    }
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    printed = capsys.readouterr().out
    assert f"user_id={user}, mfa_enforced=False, totp_enabled=True" in printed
    assert "401 invalid_code" in printed
    access = names["enrolled"].access_token
    assert names["user_of"](access) == user
    assert names["user_of"](names["pending"]) is None
    assert VERIFIER.require_mfa(access).user_id == user
    headers = {"Authorization": f"Bearer {access}"}
    assert get(names["app"], "/accounts", headers).json() == {"user": user}
    request = RequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {access}")
    assert names["transfer"](request).status_code == 200
