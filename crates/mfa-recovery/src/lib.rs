//! Recovery codes: what stands in for the second factor when phone and app are gone.
//!
//! A set of ten ([`generate_set`], [`PlainCode`]) that is shown once and kept as slow hashes ([`hash_set`]); what people
//! type ([`Typed`]); a try in three steps whose order is in the types: [`candidate`] picks the one hash that may fit,
//! [`Candidate::check`] computes exactly one hash, and [`spend`] uses the code up; what users may see of their set
//! ([`listing`], [`warning`]). [`spend`] answers with a [`Check`](mfa_core::Check) and belongs inside the closure of
//! [`mfa_core::judge`], which alone counts, locks and records.
//!
//! It refuses to do I/O, to name a runtime, to read a clock and to draw randomness: hashing, keys, time and chance are
//! handed in. It refuses to keep a code, to spend one twice, to compare a code with more than one hash, and to answer
//! quicker where nothing fits.
//!
//! To add a kind of code (a longer one, say): a reading of it in [`Typed`] and a tag of its own, so that a try still
//! costs one hash. To let a code of an imported set, which has no tag, be used: a step between [`candidate`] and
//! [`spend`] with a bound of its own on hashes.

mod candidate;
mod code;
mod listing;
mod set;
mod spend;
mod tag;
mod typed;

pub use candidate::{Candidate, Fit, Tried, candidate};
pub use code::PlainCode;
pub use listing::{ListedCode, Listing, Warning, listing, warning};
pub use set::{PlainSet, SET_SIZE, generate_set, hash_set};
pub use spend::spend;
pub use typed::{Typed, TypedError};
