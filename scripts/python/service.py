"""The Python service: a folder with models, an Alembic environment and revisions, as the Python guide describes them."""

import os
import pathlib
import sys
import tempfile
import traceback
import uuid

import alembic.config
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import make_url

SERVER = make_url(os.environ["MFA_TEST_DATABASE_URL"].replace("postgres://", "postgresql://", 1))
SERVER = SERVER.set(drivername="postgresql+psycopg2")

# The model of the guide: NOVA's own columns and the 18 MFA columns.
MODEL = '''
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, JSON, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    email = Column(String(255), unique=True, nullable=False)
    username = Column(String(100), unique=True, nullable=False)
    hashed_password = Column(String(255), nullable=False)
    full_name = Column(String(255))
    is_active = Column(Boolean, default=True)
    is_superuser = Column(Boolean, default=False)
    created_at = Column(DateTime, server_default=func.now())
    updated_at = Column(DateTime, server_default=func.now(), onupdate=func.now())
    # MFA columns
    mfa_enforced = Column(Boolean, nullable=False, default=False)
    is_totp_enabled = Column(Boolean, nullable=False, default=False)
    totp_secret = Column(String(255))
    totp_pending_secret = Column(String(255))
    totp_pending_expires_at = Column(DateTime)
    totp_enrolled_at = Column(DateTime)
    phone_number = Column(String(255))
    phone_pending = Column(String(255))
    is_phone_verified = Column(Boolean, nullable=False, default=False)
    phone_verified_at = Column(DateTime)
    mfa_backup_method = Column(String(20), default="none")
    recovery_codes = Column(JSONB(none_as_null=True))
    recovery_codes_generated_at = Column(DateTime)
    totp_last_step = Column(BigInteger)
    mfa_failed_attempts = Column(Integer, nullable=False, default=0)
    mfa_lock_until = Column(DateTime)
    mfa_last_success_at = Column(DateTime)
    mfa_last_method = Column(String(20))
'''

# The columns of the SQLite schema of NOVA MFA hold times as milliseconds.
SQLITE_MODEL = (
    MODEL.replace("DateTime, server_default=func.now(), onupdate=func.now()", "BigInteger, onupdate=lambda: 1")
    .replace("DateTime, server_default=func.now()", "BigInteger")
    .replace("DateTime)", "BigInteger)")
    .replace("JSONB(none_as_null=True)", "JSON(none_as_null=True)")
)

FIRST_REVISION = '''
import sqlalchemy as sa
from alembic import op

revision = "20250901_080000"
down_revision = None


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(255), nullable=False, unique=True),
        sa.Column("username", sa.String(100), nullable=False, unique=True),
        sa.Column("hashed_password", sa.String(255), nullable=False),
        sa.Column("full_name", sa.String(255)),
        sa.Column("is_active", sa.Boolean()),
        sa.Column("is_superuser", sa.Boolean()),
        sa.Column("created_at", sa.DateTime(), server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(), server_default=sa.func.now()),
    )


def downgrade():
    op.drop_table("users")
'''

# The revision of the guide as Alembic generates it from the model.
MFA_REVISION = '''
import sqlalchemy as sa
from alembic import op
from models import User

revision = "20251016_102726"
down_revision = "20250901_080000"
NAMES = [it.name for it in User.__table__.columns][9:27]
DEFAULTS = {"mfa_enforced": "false", "is_totp_enabled": "false", "is_phone_verified": "false", "mfa_failed_attempts": "0"}


def upgrade():
    for name in NAMES:
        column = User.__table__.columns[name]
        op.add_column(
            "users", sa.Column(name, column.type, nullable=column.nullable, server_default=DEFAULTS.get(name))
        )


def downgrade():
    for name in reversed(NAMES):
        op.drop_column("users", name)
'''

ENV = '''
import os

from alembic import context
from sqlalchemy import create_engine

from models import Base

SNIPPET

with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata OPTION)
    with context.begin_transaction():
        context.run_migrations()
'''


MAKO = '''
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade():
    ${upgrades}


def downgrade():
    ${downgrades}
'''


class Service:
    """Python service in a folder, on a PostgreSQL database of its own."""

    def __init__(self, folder: pathlib.Path, database=None):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.name = database or f"python_{uuid.uuid4().hex[:12]}"
        if database is None:
            self.on_server(f'CREATE DATABASE "{self.name}"')
        self.url = SERVER.set(database=self.name).render_as_string(hide_password=False)
        self.engine = sa.create_engine(self.url)
        self.snippet = ""
        self.write("models.py", MODEL)
        self.write("alembic.ini", "[alembic]\nscript_location = alembic\n")
        self.write("alembic/script.py.mako", MAKO)
        self.write("alembic/versions/20250901_080000_users.py", FIRST_REVISION)
        self.write("alembic/versions/20251016_102726_add_mfa_fields.py", MFA_REVISION)
        self.use_env("")

    @staticmethod
    def on_server(statement):
        engine = sa.create_engine(SERVER, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    def copy(self, folder):
        """Returns the same service on a copy of its database."""
        self.engine.dispose()
        name = f"{self.name}_copy"
        self.on_server(f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        return Service(folder, name)

    def drop(self):
        self.engine.dispose()
        self.on_server(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def use_env(self, snippet):
        option = ", include_object=include_object" if snippet else ""
        self.write("alembic/env.py", ENV.replace("SNIPPET", snippet).replace(" OPTION", option))

    def alembic(self, *arguments, fails=False):
        """Runs Alembic, and returns its output."""
        status, text = self.forked(lambda: alembic.config.main(argv=list(arguments), prog="alembic"))
        assert (status != 0) == fails, f"alembic {arguments}: {text}"
        return text

    def proposals(self):
        """Returns the operations that `--autogenerate` proposes."""

        def compare():
            options = {}
            if self.snippet:
                names = {}
                exec(self.snippet, names)  # noqa: S102
                options["include_object"] = names["include_object"]
            with sa.create_engine(self.url).connect() as connection:
                context = MigrationContext.configure(connection, opts=options)
                metadata = self.user_class().metadata
                for it in compare_metadata(context, metadata):
                    print(it)

        status, text = self.forked(compare)
        assert status == 0, text
        return text.strip()

    def forked(self, function):
        """Runs a function in the folder of the service, in a process of its own that has the libraries loaded. Returns
        its exit code and its output."""
        with tempfile.TemporaryFile("w+") as output:
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    os.dup2(output.fileno(), 1)
                    os.dup2(output.fileno(), 2)
                    sys.stdout = sys.stderr = os.fdopen(1, "w")
                    os.chdir(self.folder)
                    os.environ["DATABASE_URL"] = self.url
                    sys.path.insert(0, str(self.folder))
                    function()
                    status = 0
                except SystemExit as stop:
                    status = stop.code if isinstance(stop.code, int) else 1
                except BaseException:
                    traceback.print_exc()
                finally:
                    sys.stdout.flush()
                    os._exit(status)
            _, status = os.waitpid(child, 0)
            output.seek(0)
            return os.waitstatus_to_exitcode(status), output.read()

    def user_class(self, text=None):
        """Returns a fresh class `User`."""
        names = {"__name__": "models"}
        exec(text or (self.folder / "models.py").read_text(encoding="utf-8"), names)  # noqa: S102
        return names["User"]

    def sql(self, statement, **values):
        """Runs a statement, and returns its rows, if it has any."""
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []
