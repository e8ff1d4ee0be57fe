# Shortcuts for common commands. Each recipe is one command that can also be typed by hand.

# List the recipes.
default:
    @just --list

# Start the server with the embedded database and default settings.
run *args:
    cargo run -p mfa-server -- {{ args }}

# Run the admin command line: `just admin doctor`.
admin *args:
    cargo run --quiet -p mfa-admin -- {{ args }}

# Run every check. With arguments: only tests, selected by arguments of `cargo test`.
test *args:
    scripts/test {{ args }}

# Check format and lints and run the tests that need no database server.
quick:
    scripts/test --quick

# Format the code.
fmt:
    cargo fmt --all

# Print the lints. scripts/test makes them errors.
lint:
    cargo clippy --locked --workspace --all-targets --all-features

# Check licences, bans, sources and known vulnerabilities of all dependencies (cargo install cargo-deny).
deny:
    cargo deny --locked --all-features check

# Build the API documentation.
doc *args:
    cargo doc --locked --workspace --no-deps {{ args }}

# Build the optimised programs: target/release/mfa-server and target/release/mfa-admin.
release:
    cargo build --locked --release -p mfa-server -p mfa-admin

# Write the manual pages of both programs to target/man.
man:
    mkdir -p target/man
    cargo run --quiet -p mfa-admin -- man target/man
    cargo run --quiet -p mfa-server -- man target/man

# Build the book from docs/: target/book/index.html.
book:
    scripts/check-docs

# Run docs/from-python.md against a Python service with SQLAlchemy and Alembic; `just python merge` runs only some checks.
python *args:
    scripts/check-python {{ args }}

# Run the commands of docs/deployment.md on a fresh Debian in an isolated root; `just deployment fr` runs one document.
deployment *args:
    scripts/check-deployment {{ args }}

# Check a running server against its OpenAPI document; `just openapi 100` with 100 examples per operation.
openapi *args:
    scripts/check-openapi {{ args }}

# Generate clients from the OpenAPI document and test clients/python; `just clients rust` runs only some checks.
clients *args:
    scripts/check-clients {{ args }}

# Run the Postman collection against a running server; `just postman --write` generates the collection again.
postman *args:
    scripts/check-postman {{ args }}

# Test the pages in Chromium; `just interface --screenshots` takes the pictures of the documents again.
interface *args:
    cargo build --locked --workspace --bins
    scripts/check-interface {{ args }}

# Measure the coverage of the tests and write docs/coverage.md.
coverage:
    scripts/coverage

# Count the instructions of each part of a verification; `just count-instructions --write` records them.
count-instructions *args:
    scripts/count-instructions {{ args }}
