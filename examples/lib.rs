//! Programs of `docs/embedding.md`, compiled and run as documentation tests.

/// The embedding guide.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct EmbeddingGuide;
