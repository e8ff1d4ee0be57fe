//! Level of protection of an account, and the recommended parts that it has.

use mfa_flows::Profile;

/// The number of recovery codes that is too few.
const FEW_CODES: usize = 3;
/// Level of protection of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProtectionLevel {
    /// A password only.
    Open,
    /// A second factor, but not everything that is recommended.
    Half,
    /// No passkey, although the policy requires one.
    PasskeyMissing,
    /// Everything that is recommended.
    Full,
}

/// The recommended parts of protection that an account has.
#[expect(clippy::struct_excessive_bools, reason = "each is a part of its own")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Protection {
    /// A factor that the policy accepts: an authenticator app or a passkey.
    pub(super) app: bool,
    pub(super) codes: bool,
    pub(super) phone: bool,
    pub(super) backup: bool,
    pub(super) offers_sms: bool,
    /// The policy accepts a passkey only.
    pub(super) passkey_only: bool,
}

impl Protection {
    pub(super) fn new(profile: &Profile, has_passkey: bool, offers_sms: bool) -> Self {
        let status = &profile.status;
        let passkey_only = status.phishing_resistant_required;
        Self {
            app: has_passkey || (status.totp_enabled && !passkey_only),
            codes: profile.has_factor && status.recovery_codes_left > FEW_CODES,
            phone: status.phone_verified,
            backup: status.phone_verified && status.backup_method == "sms",
            offers_sms,
            passkey_only,
        }
    }

    pub(super) const fn level(self) -> ProtectionLevel {
        if self.passkey_only {
            return if self.app { ProtectionLevel::Full } else { ProtectionLevel::PasskeyMissing };
        }
        let has_factor = self.app || self.backup;
        // A code by SMS comes to the phone that is lost with the app: it is no part of a full protection.
        let is_full = self.app && self.codes;
        match (has_factor, is_full) {
            (_, true) => ProtectionLevel::Full,
            (true, false) => ProtectionLevel::Half,
            (false, false) => ProtectionLevel::Open,
        }
    }

    /// Returns the number of parts the account has and the number of all parts.
    pub(super) fn parts(self) -> (usize, usize) {
        let parts = [self.app, self.codes];
        let counted = if self.passkey_only { 1 } else { 2 };
        (parts.iter().take(counted).filter(|it| **it).count(), counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_well_protected_with_a_factor_and_recovery_codes_and_sms_is_optional() {
        let all = Protection {
            app: true,
            codes: true,
            phone: true,
            backup: true,
            offers_sms: true,
            passkey_only: false,
        };
        assert_eq!((all.level(), all.parts()), (ProtectionLevel::Full, (2, 2)));
        assert_eq!(Protection { backup: false, phone: false, ..all }.level(), ProtectionLevel::Full);
        assert_eq!(Protection { codes: false, ..all }.level(), ProtectionLevel::Half);
        assert_eq!(Protection { app: false, ..all }.level(), ProtectionLevel::Half, "SMS alone is a factor");
        assert_eq!(Protection { app: false, backup: false, ..all }.level(), ProtectionLevel::Open);
        let without = Protection { phone: false, backup: false, offers_sms: false, ..all };
        assert_eq!((without.level(), without.parts()), (ProtectionLevel::Full, (2, 2)));
        let covered = Protection { codes: false, passkey_only: true, ..without };
        assert_eq!((covered.level(), covered.parts()), (ProtectionLevel::Full, (1, 1)));
        let missing = Protection { app: false, codes: true, ..covered };
        assert_eq!((missing.level(), missing.parts()), (ProtectionLevel::PasskeyMissing, (0, 1)));
    }
}
