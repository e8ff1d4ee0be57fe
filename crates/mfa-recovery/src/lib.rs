//! Recovery codes: what stands in for the second factor when phone and app are gone.
//!
//! A set of ten ([`generate_set`], [`PlainCode`]) that is shown once and kept as slow hashes ([`hash_set`]); what people
//! type ([`RecoveryCodeInput`]); a try in three steps whose order is in the types: [`candidate`] picks the one hash that may fit,
//! [`CodeLookup::check`] computes exactly one hash, and [`spend`] uses the code up; what users may see of their set
//! ([`listing`], [`warning`]). [`spend`] answers with a [`FactorResult`](mfa_core::FactorResult) and belongs inside the closure of
//! [`mfa_core::verify_factor`], which alone counts, locks and records.
//!
//! It refuses to do I/O, to name a runtime, to read a clock and to draw randomness: hashing, keys, time and chance are
//! handed in. It refuses to keep a code, to spend one twice, to compare a code of ours with more than one hash, and to
//! answer quicker where nothing fits.
//!
//! Sets from another system ([`legacy_digest`]) have no tags: a try of a user who has one is compared with each of its
//! codes that is not spent, until one fits. [`warning_of`] asks for a new set as long as there is one.
//!
//! To add a kind of code (a longer one, say): a reading of it in [`RecoveryCodeInput`] and a tag of its own, so that a try still
//! costs one hash.

mod code;
mod input;
mod legacy;
mod listing;
mod lookup;
mod set;
mod spend;
mod tag;

pub use code::PlainCode;
pub use input::{RecoveryCodeInput, RecoveryCodeInputError};
pub use legacy::{LegacyCodeCase, LegacyCodeFormat, LegacyDigestError, is_legacy, legacy_digest};
pub use listing::{CodeListing, CodeWarning, ListedCode, has_legacy, listing, warning, warning_of};
pub use lookup::{CodeLookup, HashComparison, MatchedCode, look_up_code};
pub use set::{PlainCodeSet, SET_SIZE, generate_set, hash_set};
pub use spend::spend;
