# Shortcuts; each is one command that can as well be typed by hand.

# Lists the recipes.
default:
    @just --list

# Starts the server on its embedded database, with no settings.
run *args:
    cargo run -p mfa-server -- {{ args }}

# Runs the admin command line: `just admin doctor`.
admin *args:
    cargo run --quiet -p mfa-admin -- {{ args }}

# Runs every check; with arguments, only the tests, handed to `cargo test`.
test *args:
    scripts/test {{ args }}

# Formats the code.
fmt:
    cargo fmt --all

# Lints as the checks do.
lint:
    cargo clippy --locked --workspace --all-targets --all-features -- -D warnings

# Builds the API documentation.
doc *args:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps {{ args }}

# Builds the optimised binaries: target/release/mfa-server and mfa-admin.
release:
    cargo build --locked --release -p mfa-server -p mfa-admin

# Builds the book of the documents: target/book/index.html.
book:
    scripts/check-docs

# Runs the Postman collection against a live server; `just postman --write` makes it anew.
postman *args:
    scripts/check-postman {{ args }}

# Measures the coverage of the tests, and writes docs/coverage.md.
coverage:
    scripts/coverage

# Tests the pages in a real Chromium; `just interface --screenshots` makes the pictures of the documents anew.
interface *args:
    cargo build --locked --workspace --bins
    scripts/check-interface {{ args }}
