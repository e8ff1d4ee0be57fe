"""Living beside NOVA: Alembic, removed columns, recovery codes of Python, and other databases."""

import json
import pathlib
import sqlite3
import time

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

import service
from document import blocks
from product import Product, settings
from service import Service

REVISION = "alembic/versions/20251016_102726_add_mfa_fields.py"


def printed(words):
    """Returns the one block of the document that contains these words."""
    found = [block for block in blocks() if words in block.text]
    assert len(found) == 1, f"{len(found)} blocks contain {words!r}"
    return found[0].text


def add_ada(nova):
    nova.sql(
        "INSERT INTO users (email, username, hashed_password, is_active, is_superuser) "
        "VALUES ('ada@example.com', 'ada', 'x', true, false)"
    )


def check_alembic_leaves_the_product_alone_in_both_orders(folder: pathlib.Path):
    for order in ("NOVA first", "product first"):
        nova = Service(folder / order.replace(" ", "-"))
        try:
            snippet = printed("def include_object")
            nova.alembic("upgrade", "20250901_080000")
            add_ada(nova)
            product = Product(folder / order / "mfa", settings(nova.url))
            if order == "NOVA first":
                nova.alembic("upgrade", "head")
                product.run("mfa-admin migrate up")
                assert "mfa_events" in nova.proposals(), "without the snippet, our tables would be dropped"
            else:
                product.run("mfa-admin migrate up")
                nova.alembic("upgrade", "head", fails=True)
            nova.write(REVISION, printed("def downgrade"))
            nova.snippet = snippet
            nova.use_env(snippet)
            nova.alembic("upgrade", "head")
            assert nova.proposals() == "", nova.proposals()
            # The whole of Alembic, with the environment of the document.
            nova.alembic("revision", "--autogenerate", "-m", "nothing", "--rev-id", "nothing")
            generated = next((nova.folder / "alembic/versions").glob("*nothing*.py"))
            assert "op." not in generated.read_text(), generated.read_text()
            generated.unlink()
            product.admin("migrate", "status")
            # The downgrade keeps what is in use, and NOVA's updates go on.
            nova.alembic("downgrade", "-1")
            nova.sql("UPDATE users SET full_name = 'Ada'")
            assert product.admin("migrate", "status")["missing"] == []
            nova.alembic("upgrade", "head")
            # NOVA may change its own columns.
            nova.sql("ALTER TABLE users ALTER COLUMN email TYPE VARCHAR(320), ALTER COLUMN updated_at TYPE TIMESTAMPTZ")
            # The columns are NOVA's, so they stay. Everything else goes, and then Alembic may drop them.
            product.run("mfa-admin migrate down --yes")
            tables = [name for (name,) in nova.sql("SELECT relname FROM pg_class WHERE relname LIKE 'mfa%' OR relname LIKE '__diesel%'")]
            functions = nova.sql("SELECT proname FROM pg_proc WHERE proname LIKE 'mfa%'")
            assert (tables, functions) == ([], []), (tables, functions)
            assert len(nova.sql("SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attname = 'totp_secret'")) == 1
            nova.alembic("downgrade", "-1")
            nova.sql("UPDATE users SET full_name = 'Countess'")
        finally:
            nova.drop()


def check_a_removed_column_is_named_and_stops_no_update_of_a_user(folder: pathlib.Path):
    nova = Service(folder)
    try:
        nova.alembic("upgrade", "head")
        add_ada(nova)
        product = Product(folder / "mfa", settings(nova.url))
        product.run("mfa-admin migrate up")
        # The revision of the Python guide, as it was.
        nova.alembic("downgrade", "-1")
        nova.sql("UPDATE users SET full_name = 'Ada'")
        nova.sql("UPDATE users SET email = 'countess@example.com', mfa_version = mfa_version")
        assert nova.sql("SELECT full_name FROM users") == [("Ada",)]
        status = product.admin("migrate", "status", codes=(1,))
        assert "users.totp_secret" in status["missing"] and status["pending"] == [], status
        for text in (
            product.run("mfa-admin migrate up", codes=(1,)),
            product.run("mfa-admin doctor", codes=(1,)),
            product.start(fails=True),
        ):
            assert "users.totp_secret" in text, text
        nova.alembic("upgrade", "head")
        assert product.admin("migrate", "status")["missing"] == []
        nova.sql("ALTER TABLE users DISABLE TRIGGER mfa_guard")
        assert product.admin("migrate", "status", codes=(1,))["missing"] == ["trigger mfa_guard"]
    finally:
        nova.drop()


def check_codes_that_python_writes_after_the_import_match_nothing(folder: pathlib.Path):
    nova = Service(folder)
    product = None
    try:
        nova.alembic("upgrade", "head")
        product = Product(folder / "mfa", settings(nova.url))
        product.run("mfa-admin migrate up")
        product.run("printf Correct-Horse-7 | mfa-admin user create --email a@example.com --username ada --password-stdin")
        product.start()
        token = product.admin("token", "access", "--user-id", "1")["token"]
        _, started = product.call("POST", "/api/mfa/totp/enroll/start", token)
        totp = pyotp.TOTP(started["secret"])
        status, enrolled = product.call("POST", "/api/mfa/totp/enroll/verify", token, {"code": totp.now()})
        assert status == 200, enrolled
        user_class = nova.user_class()
        bcrypt = "$2b$04$" + "a" * 53
        for form in ([bcrypt], {"codes": [bcrypt]}, "text", 7, [[bcrypt]], [{"id": 1, "digest": bcrypt}], [None]):
            with Session(nova.engine) as session:
                user = session.get(user_class, 1)
                user.recovery_codes = form
                session.commit()
            pending = product.admin("token", "pending", "--user-id", "1")["token"]
            status, answer = product.call("POST", "/api/mfa/verify/recovery", pending, {"code": "ABCD-1234"})
            assert (status, answer["code"]) == (401, "invalid_code"), (form, answer)
            access = product.admin("token", "access", "--user-id", "1", "--mfa-ok")["token"]
            status, answer = product.call("GET", "/api/mfa/status", access)
            assert (status, answer["recovery_codes_left"], answer["totp_enabled"]) == (200, 0, True), (form, answer)
            # A failure is counted, and a change of something else leaves the set as it is.
            product.admin("user", "enforce", "on", "--user-id", "1")
            assert nova.sql("SELECT recovery_codes FROM users") == [(form,)], form
            findings = product.run("mfa-admin doctor", codes=(0, 1))
            assert "1 rows have recovery codes in an unknown form" in findings, findings
            product.admin("user", "unlock", "--user-id", "1")
        status, answer = product.call("POST", "/api/mfa/verify/totp", pending, {"code": totp.at(time.time() + 30)})
        assert status == 200, answer
        status, answer = product.call("POST", "/api/mfa/recovery/regenerate", answer["access_token"])
        assert status == 200 and len(answer["recovery_codes"]) == 10, answer
        assert "unknown form" not in product.run("mfa-admin doctor", codes=(0, 1))
        nova.sql("UPDATE users SET recovery_codes = CAST(:form AS jsonb)", form=json.dumps([bcrypt]))
        product.run("mfa-admin user reset --user-id 1")
        assert nova.sql("SELECT recovery_codes, is_totp_enabled FROM users") == [(None, False)]
    finally:
        if product:
            product.stop()
        nova.drop()


def check_a_nova_database_on_sqlite_is_told_to_move_to_postgresql(folder: pathlib.Path):
    engine = sa.create_engine(f"sqlite:///{folder}/nova.db")
    service.Service.user_class(None, service.SQLITE_MODEL).metadata.create_all(engine)
    engine.dispose()
    product = Product(folder, {"MFA_ENV": "development", "DATABASE_URL": "sqlite:///./nova.db"})
    for command in ("mfa-admin migrate up", "mfa-admin import nova-python"):
        text = product.run(command, codes=(1,))
        assert "needs PostgreSQL" in text and "nova.db" in text, text
    assert "needs PostgreSQL" in product.start(fails=True)
    with sqlite3.connect(folder / "nova.db") as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall() == [("users",)]
