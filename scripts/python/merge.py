"""Stale saves by SQLAlchemy: `session.merge` of a user that was cached before a change."""

import json
import pathlib
import tempfile

import sqlalchemy as sa
from sqlalchemy.orm import Session

import service
from product import KEY, Product, settings
from service import Service

# 2027, 2028 and 2030 in milliseconds.
EARLIER, LATER, FAR = 1_800_000_000_000, 1_830_000_000_000, 1_900_000_000_000
CODES = [{"id": str(n), "digest": f"$2b$12${'x' * 52}{n}", "used_at": None} for n in range(3)]
OTHER_CODES = [{**code, "digest": code["digest"][:-2] + "y" + code["id"]} for code in CODES]
OWN = ["full_name", "updated_at", "mfa_version", "mfa_internal"]

# The four cases: columns that the server changes after the user was cached.
CASES = {
    "spent codes": {"recovery_codes": [{**CODES[0], "used_at": LATER}, *CODES[1:]], "mfa_last_success_at": LATER},
    "dead sets": {"recovery_codes": OTHER_CODES, "recovery_codes_generated_at": LATER},
    "a replaced app": {
        "totp_secret": "v1.k1.second", "totp_enrolled_at": LATER, "mfa_internal": {"sv": 2, "sv_at": LATER},
    },
    "an unlock": {"mfa_failed_attempts": 10, "mfa_lock_until": FAR, "mfa_internal": {"strikes": {"n": 10}}},
}
ENROLLED = {
    "is_totp_enabled": True, "totp_secret": "v1.k1.first", "totp_enrolled_at": EARLIER, "recovery_codes": CODES,
    "recovery_codes_generated_at": EARLIER, "mfa_last_success_at": EARLIER, "mfa_backup_method": "none",
}
VERSION = '    mfa_version = Column(BigInteger, nullable=False, server_default="0")\n'


class Table:
    """Table `users` of one database, written as the server writes it: with the next version."""

    def __init__(self, engine):
        self.engine = engine
        self.is_postgres = engine.dialect.name == "postgresql"

    def set(self, values):
        def value(name, it):
            if isinstance(it, (list, dict)):
                text = "'" + json.dumps(it) + "'"
                return f"CAST({text} AS jsonb)" if self.is_postgres else text
            if self.is_postgres and name.endswith(("_at", "_until")):
                return f"to_timestamp({it} / 1000.0)"
            return repr(it)

        changes = ", ".join(f"{name} = {value(name, it)}" for name, it in values.items())
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE users SET {changes}, mfa_version = mfa_version + 1")

    def mfa(self):
        """Returns all MFA columns, and the internal state."""
        with self.engine.connect() as connection:
            row = connection.exec_driver_sql("SELECT * FROM users").mappings().one()
        return {name: it for name, it in row.items() if name not in ("full_name", "updated_at", "mfa_version")}

    def one(self, column):
        with self.engine.connect() as connection:
            return connection.exec_driver_sql(f"SELECT {column} FROM users").scalar_one()


def check(engine, models):
    """Merges a cached user after each change, with and without a change of NOVA's own columns."""
    table = Table(engine)
    for kind, model in models.items():
        for case, change in CASES.items():
            for own_change in (True, False):
                table.set({"mfa_internal": {}, "mfa_failed_attempts": 0, **ENROLLED})
                with engine.begin() as connection:
                    connection.exec_driver_sql("UPDATE users SET mfa_lock_until = NULL, mfa_version = mfa_version + 1")
                with Session(engine) as session:
                    cached = session.scalars(sa.select(model)).one()
                    session.expunge(cached)
                table.set(change)
                before = table.mfa()
                if own_change:
                    cached.full_name = f"Ada of {case}"
                with Session(engine) as session:
                    session.merge(cached)
                    session.commit()
                what = f"{engine.dialect.name}, {kind}, {case}, own change: {own_change}"
                assert table.mfa() == before, f"{what}:\n{before}\n{table.mfa()}"
                if own_change:
                    assert table.one("full_name") == f"Ada of {case}", what
    # The documented unlock, and a save of NOVA's own columns, go on working.
    table.set({"mfa_failed_attempts": 10, "mfa_lock_until": FAR})
    for model in models.values():
        with Session(engine) as session:
            user = session.scalars(sa.select(model)).one()
            user.full_name = "Countess"
            session.commit()
    assert (table.one("mfa_failed_attempts"), table.one("full_name")) == (10, "Countess")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL WHERE id = 1")
    assert (table.one("mfa_failed_attempts"), table.one("mfa_lock_until")) == (0, None)


def models(python, text):
    return {
        "without mfa_version": python(text),
        "with mfa_version": python(text + VERSION),
    }


def check_merge_of_a_cached_user_on_postgresql(folder: pathlib.Path):
    nova = Service(folder)
    try:
        nova.alembic("upgrade", "head")
        product = Product(folder / "mfa", settings(nova.url))
        product.run("mfa-admin migrate up")
        nova.sql("INSERT INTO users (email, username, hashed_password) VALUES ('a@example.com', 'ada', 'x')")
        check(nova.engine, models(nova.user_class, service.MODEL))
    finally:
        nova.drop()


def check_merge_of_a_cached_user_on_sqlite(folder: pathlib.Path):
    product = Product(folder, {"MFA_ENV": "development", "JWT_SECRET_KEY": KEY})
    product.run("mfa-admin migrate up")
    engine = sa.create_engine(f"sqlite:///{folder}/data/nova-mfa.db")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO users (email, username, hashed_password) VALUES ('a@example.com', 'ada', 'x')"
        )
    check(engine, models(lambda text: Service.user_class(None, text), service.SQLITE_MODEL))


if __name__ == "__main__":
    check_merge_of_a_cached_user_on_sqlite(pathlib.Path(tempfile.mkdtemp()))
