//! Recovery codes: single-use codes for users who have lost their other factors.
//!
//! - Sets of ten codes, displayed once and stored as slow hashes: [`generate_set`], [`PlainCodeSet`], [`hash_set`].
//! - Input: [`RecoveryCodeInput`].
//! - Verification in three steps, enforced by the types: [`look_up_code`] selects the one hash that may match,
//!   [`CodeLookup::check`] computes one hash, and [`spend`] marks the code as used.
//! - Status for the user: [`listing`], [`warning`].
//!
//! Temporary access passes, which a helper issues, have the same form: [`generate_access_pass`], [`SubmittedPass`].
//!
//! Call [`spend`] in the closure of [`mfa_core::settle_attempt`], which alone counts, locks and records.
//!
//! This crate performs no I/O, depends on no runtime, reads no clock and draws no randomness: callers pass hasher,
//! keys, time and entropy in. It never stores a plaintext code and never accepts one twice. It compares a code
//! generated here with one hash only, and takes as long when nothing matches.
//!
//! Imported sets ([`legacy_digest`]) have no tags. An attempt is compared with each of their unused codes until one
//! matches. [`warning_of`] recommends a new set as long as one is in use.
//!
//! To add a kind of code, such as a longer one: extend the parser in [`RecoveryCodeInput`] and give the code its own
//! tag, so that an attempt still costs one hash.

mod access_pass;
mod code;
mod input;
mod legacy;
mod listing;
mod lookup;
mod set;
mod spend;
mod tag;

pub use access_pass::{SubmittedPass, generate_access_pass, stored_access_pass};
pub use code::PlainCode;
pub use input::{RecoveryCodeInput, RecoveryCodeInputError};
pub use legacy::{
    LegacyCodeCase, LegacyCodeFormat, LegacyDigestError, is_legacy, legacy_digest, legacy_hash,
};
pub use listing::{CodeListing, CodeWarning, ListedCode, has_legacy, listing, warning, warning_of};
pub use lookup::{CodeLookup, HashComparison, MatchedCode, look_up_code};
pub use set::{PlainCodeSet, SET_SIZE, generate_set, hash_set};
pub use spend::spend;
