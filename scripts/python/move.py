"""docs/from-python.md from top to bottom, every code block as printed, against a service of each kind."""

import json
import pathlib
import re
import time

import bcrypt
import pyotp
import sqlalchemy as sa
from jose import jwt
from jose.exceptions import JWTClaimsError, JWTError
from passlib.hash import bcrypt as passlib_bcrypt
from sqlalchemy.orm import Session

import service
from document import blocks
from product import KEY, Product
from service import Service

# Our names of the columns, and those of the other service.
RENAMED = {
    "totp_secret": "mfa_secret", "is_totp_enabled": "mfa_enabled", "totp_enrolled_at": "mfa_enrolled_at",
    "phone_number": "mfa_phone", "is_phone_verified": "mfa_phone_verified", "phone_verified_at": "mfa_phone_verified_at",
    "mfa_backup_method": "mfa_backup", "recovery_codes": "mfa_recovery_hashes",
    "recovery_codes_generated_at": "mfa_recovery_at", "mfa_enforced": "mfa_required",
    "mfa_failed_attempts": "mfa_failures", "mfa_lock_until": "mfa_locked_until",
}


def hashed(text):
    return bcrypt.hashpw(text.encode(), bcrypt.gensalt(4)).decode()


class Move:
    """The document, executed block by block."""

    def __init__(self, folder):
        self.folder = folder
        self.secrets = {name: pyotp.random_base32() for name in ("ada", "max", "zoe", "una")}
        # NOVA with the columns of the guide, and with columns of other names.
        self.nova = Service(folder / "nova")
        self.nova.alembic("upgrade", "head")
        self.other = Service(folder / "other")
        model = service.MODEL
        for ours, theirs in RENAMED.items():
            model = re.sub(rf"\b{ours}\b", theirs, model)
        self.other.write("models.py", model)
        for column in ("totp_last_step", "totp_pending_secret", "totp_pending_expires_at", "phone_pending"):
            model = re.sub(rf"    {column} = .*\n", "", model)
        self.other.user_class(model).metadata.create_all(self.other.engine)
        self.other_model = model
        self.services = [self.nova, self.other]
        for nova, text in ((self.nova, None), (self.other, model)):
            self.add_users(nova, text)
        base = {"JWT_SECRET_KEY": KEY, "MFA_RECOVERY_RATE_MAX": "1000", "MFA_RATE_LIMIT_MAX": "1000"}
        self.product = Product(self.nova.folder, {**base, "DATABASE_URL": self.nova.url})
        self.other_product = Product(self.other.folder, {**base, "DATABASE_URL": self.other.url})
        self.way_back = None
        self.names = {"JWT_SECRET_KEY": KEY}

    def add_users(self, nova, text):
        user_class = nova.user_class(text)

        def user(name, **values):
            if text:
                values = {RENAMED.get(key, key): it for key, it in values.items()}
            return user_class(
                email=f"{name}@example.com", username=name, hashed_password=hashed("Demo2025!"), is_active=True,
                is_superuser=False, **values,
            )

        app = {"is_totp_enabled": True}
        phone = {"is_phone_verified": True, "mfa_backup_method": "sms"}
        with Session(nova.engine) as session:
            session.add_all([
                user("ada", totp_secret=self.secrets["ada"], phone_number="+33 6 12 34 56 12", **app, **phone,
                     recovery_codes=[hashed("AAAA-BBBB"), hashed("CCCC-DDDD")]),
                user("bob", mfa_enforced=True, mfa_failed_attempts=3),
                user("eve", totp_secret="GEZDGNBVGY3TQOJQ", **app),
                user("max", totp_secret=self.secrets["max"], phone_number="06 12 34 56 13", **app, **phone),
                user("zoe", totp_secret=self.secrets["zoe"], phone_number="+33 1 23 45 67 89", **app, **phone),
                user("una", totp_secret=self.secrets["una"], recovery_codes=["plain text"], **app),
                user("gus", phone_number="079 123 45 67", **phone),
            ])
            session.commit()

    def close(self):
        for product in (self.product, self.other_product):
            product.stop()
        for nova in self.services:
            nova.drop()

    def code(self, name):
        return pyotp.TOTP(self.secrets[name]).now()

    def run(self):
        handlers = [
            ('"jti": secrets.token_urlsafe(16),\n    }\n    return', self.old_tokens),
            ("MFA_ENV=production", self.env_file),
            ("chmod o-rwx .env", self.protect),
            ("import nova-python --dry-run", self.dry_run),
            ("mfa-admin import nova-python\n", self.import_all),
            ("# map.toml", self.write_file),
            ("mfa-admin import nova-python --map map.toml\n", self.state_the_country),
            ("# names.toml", self.write_other_file),
            ("--map names.toml", self.import_other_names),
            ("AS needs_second_factor", self.ask_our_columns),
            ("--enrol-anew", self.enrol_anew),
            ("export nova-python", self.export),
            ("migrate down --yes --delete-sealed", self.remove_the_schema),
            ("# restore_factors.py", self.write_back_file),
            ("python restore_factors.py", self.restore),
            ("def user_of", self.validate_tokens),
            ('headers = {"typ": "mfa-pending+jwt"', self.issue_tokens),
            ("KID = ", self.key_id),
            ("urn:nova-mfa:problem", self.errors),
            ("mfa_version = Column", self.map_the_version),
            ("def include_object", self.alembic_environment),
            ("def downgrade", self.alembic_revision),
            ("docker build", self.on_windows),
            ("RandomNumberGenerator", self.on_windows),
        ]
        used = set()
        for block in blocks():
            matching = [(words, handler) for words, handler in handlers if words in block.text]
            assert len(matching) == 1, f"line {block.line}: {len(matching)} checks for this block:\n{block.text}"
            words, handler = matching[0]
            used.add(words)
            try:
                handler(block)
            except Exception as error:
                raise AssertionError(f"docs/from-python.md, line {block.line}") from error
        assert len(used) == len(handlers), [words for words, _ in handlers if words not in used]

    # ---- Before the move ---------------------------------------------------

    def old_tokens(self, block):
        exec(block.text, self.names)  # noqa: S102
        self.old_token = self.names["create_mfa_pending_token"]
        assert self.old_token(1, "a@example.com") != self.old_token(1, "a@example.com"), "one token each"

    # ---- The installation --------------------------------------------------

    def env_file(self, block):
        key = re.search(r"MFA_ENCRYPTION_KEYS=(\S+)", self.product.run("mfa-admin keys generate"))[1]
        for product in (self.product, self.other_product):
            for line in block.text.splitlines():
                name, value = line.split("=", 1)
                product.settings[name] = key if value == "…" else value
            product.write_env()

    def protect(self, block):
        refused = self.product.run("mfa-admin migrate status", codes=(1,))
        assert "every user can access" in refused, refused
        for product in (self.product, self.other_product):
            product.run(block.text)

    def dry_run(self, block):
        before = self.nova.sql("SELECT totp_secret, phone_number, recovery_codes FROM users ORDER BY id")
        self.product.run(block.text, codes=(1,))
        assert self.nova.sql("SELECT totp_secret, phone_number, recovery_codes FROM users ORDER BY id") == before

    def import_all(self, block):
        text = self.product.run(block.text, codes=(1,))
        assert "1 phone number: FR, fixed_line, no SMS" in text, text
        assert "the number has a national form and its country FR is a guess" in text, text
        self.product.start()
        # The app and the codes of before; the tokens of before.
        status, answer = self.verify("ada", "totp", self.code("ada"))
        assert status == 200, answer
        self.access = answer["access_token"]
        assert self.verify("ada", "recovery", "AAAA-BBBB")[0] == 200
        assert self.verify("ada", "recovery", "AAAA-BBBB")[1]["code"] == "invalid_code"
        assert self.verify("una", "totp", self.code("una"))[0] == 200, "whose codes are unreadable"
        # No provider is configured, which is the reason for everybody.
        for name, reason in (("ada", "sms_unavailable"), ("max", "sms_unavailable"), ("zoe", "sms_unavailable")):
            _, answer = self.product.call("GET", "/api/mfa/methods", self.pending(name))
            sms = next(it for it in answer["methods"] if it["method"] == "sms")
            assert (sms["available"], sms["reason"]) == (False, reason), (name, sms)
        status, answer = self.product.call("POST", "/api/mfa/sms/send", self.pending("max"))
        assert (status, answer["code"]) == (403, "phone_refused"), answer
        # A token of before in each likely form; the log says why another is refused.
        late = {"sub": "1", "email": "ada@example.com", "exp": time.time() + 299.5}
        for more in ({"mfa_ok": False}, {"iat": time.time()}, {"is_superuser": None}):
            token = jwt.encode({**late, "mfa_pending": True, **more}, KEY)
            assert self.product.call("GET", "/api/mfa/methods", token)[0] == 200, more
        for key, more, reason in (
            (KEY[::-1], {}, "signed with another key"),
            (KEY, {"aud": "other"}, "the claim aud is not valid"),
            (KEY, {"exp": time.time() + 3600}, "the claim exp is not valid"),
        ):
            token = jwt.encode({**late, "mfa_pending": True, **more}, key)
            assert self.product.call("GET", "/api/mfa/methods", token)[0] == 401
            self.expect_reason(reason)

    def expect_reason(self, reason):
        """Waits for the log line of a refused token with this reason. Another thread writes the log."""
        for _ in range(50):
            if any(it.get("event") == "token_refused" and it.get("reason") == reason for it in self.product.log()):
                return
            time.sleep(0.1)
        raise AssertionError(f"the log has no refused token with the reason: {reason}")

    def pending(self, name):
        (user, email), = self.nova.sql("SELECT id, email FROM users WHERE username = :name", name=name)
        return self.old_token(user, email)

    def verify(self, name, kind, code):
        return self.product.call("POST", f"/api/mfa/verify/{kind}", self.pending(name), {"code": code})

    def write_file(self, block):
        self.nova.write(block.file_name(), block.text)

    def state_the_country(self, block):
        report = self.product.run(block.text, codes=(1,))
        assert "is a guess" not in report, report
        assert not self.nova.sql("SELECT 1 FROM users WHERE CAST(mfa_internal -> 'sms' AS text) LIKE '%\"g\"%'")

    # ---- Other names -------------------------------------------------------

    def write_other_file(self, block):
        self.other.write(block.file_name(), block.text)

    def import_other_names(self, block):
        for line in block.text.splitlines():
            self.other_product.run(line, codes=(1,))
        rows = dict(self.other.sql("SELECT username, mfa_enforced FROM users"))
        assert rows["bob"], "a user without a factor"
        assert self.other.sql("SELECT mfa_failed_attempts FROM users WHERE username = 'bob'") == [(3,)]
        # Values that were refused stay where they were.
        assert self.other.sql("SELECT username FROM users WHERE mfa_secret IS NOT NULL") == [("eve",)]
        report = self.other_product.run("mfa-admin doctor", codes=(0, 1))
        assert "columns of the Python service still have values" in report, report
        refused = self.other_product.run("mfa-admin migrate down --yes", codes=(1,))
        assert "export nova-python" in refused, refused

    def ask_our_columns(self, block):
        with self.other.engine.begin() as connection:
            assert connection.exec_driver_sql(block.text.replace("%", "%%")).scalar_one() is True
        # A user who enrols from now on is asked too, and the old column does not know.
        everybody = block.text.replace("WHERE id = 1;", "WHERE username = 'bob'")
        assert self.other.sql(everybody) == [(True,)]

    # ---- Values that cannot be imported, and the way back ------------------

    def enrol_anew(self, block):
        self.product.run(block.text)
        assert self.nova.sql("SELECT is_totp_enabled, mfa_enforced FROM users WHERE username = 'eve'") == [(False, True)]

    def export(self, block):
        self.product.stop()
        self.way_back = self.nova.copy(self.folder / "back")
        self.services.append(self.way_back)
        settings = {**self.product.settings, "DATABASE_URL": self.way_back.url}
        self.back_product = Product(self.way_back.folder, settings)
        self.back_product.run("chmod o-rwx .env")
        self.back_product.run(block.text)
        lines = [json.loads(it) for it in (self.way_back.folder / "factors.jsonl").read_text().splitlines()]
        ada = next(it for it in lines if it["username"] == "ada")
        assert ada["totp_secret"] == self.secrets["ada"] and ada["phone_number"] == "+33612345612", ada
        assert len(ada["recovery_codes"]) == 1 and passlib_bcrypt.verify("CCCC-DDDD", ada["recovery_codes"][0])

    def remove_the_schema(self, block):
        self.back_product.run("mfa-admin migrate down --yes", codes=(1,))
        self.back_product.run(block.text)
        left = self.way_back.sql(
            "SELECT 1 FROM users WHERE totp_secret LIKE 'v1.%' OR phone_number LIKE 'v1.%' "
            "OR CAST(recovery_codes AS text) LIKE '%digest%'"
        )
        objects = self.way_back.sql("SELECT relname FROM pg_class WHERE relname LIKE 'mfa%' OR relname LIKE '%diesel%'")
        assert (left, objects) == ([], []), (left, objects)
        columns = {name for (name,) in self.way_back.sql("SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped")}
        assert "mfa_version" not in columns and "totp_secret" in columns, columns

    def write_back_file(self, block):
        self.way_back.write(block.file_name(), block.text)

    def restore(self, block):
        # The scripts of NOVA read the URL as SQLAlchemy writes it.
        self.back_product.run(block.text)
        with Session(self.way_back.engine) as session:
            ada = session.scalars(sa.select(self.way_back.user_class()).filter_by(username="ada")).one()
            assert pyotp.TOTP(ada.totp_secret).verify(self.code("ada"), valid_window=1)
            assert ada.phone_number == "+33612345612" and passlib_bcrypt.verify("CCCC-DDDD", ada.recovery_codes[0])
        self.product.start()

    # ---- NOVA's code -------------------------------------------------------

    def validate_tokens(self, block):
        exec(block.text, self.names)  # noqa: S102
        user_of = self.names["user_of"]
        assert user_of(self.access) == 1
        # A token of before has no audience, and is valid during the move.
        old = {"sub": "1", "email": "ada@example.com", "mfa_ok": True, "exp": int(time.time()) + 3600}
        assert user_of(jwt.encode(old, KEY)) == 1
        for options in ({}, {"audience": "other"}):
            try:
                jwt.decode(self.access, KEY, algorithms=["HS256"], **options)
                raise AssertionError("accepted without the right audience")
            except JWTClaimsError:
                pass
        try:
            user_of(jwt.encode(old, KEY[::-1]))
            raise AssertionError("accepted with another key")
        except JWTError:
            pass

    def issue_tokens(self, block):
        exec(block.text, self.names)  # noqa: S102

    def key_id(self, block):
        exec(block.text, self.names)  # noqa: S102
        # The move has ended.
        self.product.stop()
        self.product.settings["JWT_ACCEPT_LEGACY_TOKENS"] = "false"
        self.product.write_env()
        self.product.start()
        assert self.product.call("GET", "/api/mfa/methods", self.pending("max"))[0] == 401
        with Session(self.nova.engine) as session:
            user = session.scalars(sa.select(self.nova.user_class()).filter_by(username="max")).one()
            (number,), = self.nova.sql("SELECT coalesce(CAST(mfa_internal ->> 'sv' AS int), 0) FROM users WHERE username = 'max'")
            token = self.names["create_mfa_pending_token"](user, number)
        status, answer = self.product.call("POST", "/api/mfa/verify/totp", token, {"code": self.code("max")})
        assert status == 200, answer
        assert self.names["user_of"](answer["access_token"]) == 4

    def errors(self, block):
        printed = json.loads(block.text)
        _, answer = self.product.call("POST", "/api/mfa/verify/totp", "no token", {"code": "000000"})
        assert answer.keys() == printed.keys(), answer

    def map_the_version(self, block):
        text = service.MODEL + "    " + block.text
        assert "mfa_version" in self.nova.user_class(text).__table__.columns
        self.nova.write("models.py", text)

    def alembic_environment(self, block):
        self.nova.snippet = block.text
        self.nova.use_env(block.text)

    def alembic_revision(self, block):
        self.nova.write(block.file_name(), block.text)
        assert self.nova.proposals() == "", self.nova.proposals()
        self.nova.alembic("downgrade", "-1")
        self.nova.sql("UPDATE users SET full_name = 'Ada' WHERE id = 1")
        self.nova.alembic("upgrade", "head")
        self.product.admin("migrate", "status")

    def on_windows(self, block):
        """PowerShell on Windows: not run here."""
        assert block.language == "powershell"


def check_the_document_runs_from_top_to_bottom(folder: pathlib.Path):
    move = Move(folder)
    try:
        move.run()
    finally:
        move.close()
