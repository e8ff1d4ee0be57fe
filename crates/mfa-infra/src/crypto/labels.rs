//! Labels under which keys are derived from the master keys.
//!
//! A new version of a label derives unrelated keys: values made under the old one can no longer be read or found.

use mfa_core::DigestPurpose;

/// Label of the keys that seal columns.
pub(super) const SEAL_LABEL: &str = "nova-mfa/seal/v1";
/// Label of the keys of the audit chain.
pub(super) const AUDIT_LABEL: &str = "nova-mfa/audit/v1";

/// Returns the label of the keys of a digest purpose.
pub(super) const fn digest_label(purpose: DigestPurpose) -> &'static str {
    match purpose {
        DigestPurpose::RecoveryTag => "nova-mfa/digest/recovery-tag/v1",
        DigestPurpose::SmsCode => "nova-mfa/digest/sms-code/v1",
        DigestPurpose::PhoneNumber => "nova-mfa/digest/phone-number/v1",
        DigestPurpose::PasskeyChallenge => "nova-mfa/digest/passkey-challenge/v1",
        DigestPurpose::AccessPass => "nova-mfa/digest/access-pass/v1",
    }
}
