//! Races of everything that is spent once or counted.

mod access_pass;
mod erasure;
mod passkey;
mod phishing_resistant;
mod recovery;
mod sessions;
mod sms;
mod sms_budget;
mod totp;
