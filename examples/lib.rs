//! Programs of the embedding guide.
//!
//! Each program is a file of this folder: `cargo run -p nova-mfa-examples --example embed_http`. `tests/` runs them, and
//! the Rust blocks of `docs/embedding.md` are compiled and run as documentation tests of this library.

/// Embedding guide.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct EmbeddingGuide;
