//! TOTP parameters, under the names of this crate.

pub use mfa_core::{
    TotpAlgorithm as Algorithm, TotpDigits as Digits, TotpParameters as Parameters, TotpPeriod as Period,
};
