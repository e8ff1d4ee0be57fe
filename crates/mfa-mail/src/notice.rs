//! Kinds of email notification.

macro_rules! notices {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Kind of an email notification to a user.
        ///
        /// Exhaustive, so that each notice has its texts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Notice { $($(#[doc = $doc])+ $variant,)+ }

        impl Notice {
            /// All notices.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the name in the outbox and in the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

notices! {
    /// The first second factor was enrolled.
    Enrolled = "enrolled",
    /// An authenticator app was added beside another factor.
    AppAdded = "app_added",
    /// A new authenticator app replaced the earlier ones.
    AppReplaced = "app_replaced",
    /// An authenticator app was removed.
    AppRemoved = "app_removed",
    /// A passkey was added.
    PasskeyAdded = "passkey_added",
    /// A passkey was removed.
    PasskeyRemoved = "passkey_removed",
    /// A phone number was set or replaced.
    PhoneSet = "phone_set",
    /// The phone number was removed.
    PhoneRemoved = "phone_removed",
    /// The backup method was changed.
    BackupChanged = "backup_changed",
    /// New recovery codes were generated.
    CodesRegenerated = "codes_regenerated",
    /// A recovery code was used.
    RecoveryUsed = "recovery_used",
    /// An access pass was used.
    AccessPassUsed = "access_pass_used",
    /// The account was locked.
    Locked = "locked",
    /// An administrator removed all factors.
    AdminReset = "admin_reset",
    /// An administrator or the helpdesk unlocked the account.
    AdminUnlocked = "admin_unlocked",
    /// An administrator changed what is required of the user: several requirements at once, or as before.
    AdminEnforced = "admin_enforced",
    /// An administrator required a second factor.
    AdminFactorRequired = "admin_factor_required",
    /// An administrator stopped requiring a second factor.
    AdminFactorReleased = "admin_factor_released",
    /// An administrator required a passkey.
    AdminPasskeyRequired = "admin_passkey_required",
    /// An administrator stopped requiring a passkey.
    AdminPasskeyReleased = "admin_passkey_released",
    /// An administrator generated new recovery codes.
    AdminCodes = "admin_codes",
    /// An administrator removed an authenticator.
    AdminAuthenticatorRemoved = "admin_authenticator_removed",
    /// An administrator replaced the password.
    AdminPassword = "admin_password",
    /// An administrator changed the rights of the user; which way is not known.
    AdminRights = "admin_rights",
    /// An administrator granted the rights of an administrator.
    AdminRightsGranted = "admin_rights_granted",
    /// An administrator revoked the rights of an administrator.
    AdminRightsRevoked = "admin_rights_revoked",
    /// An administrator granted the helpdesk role.
    AdminHelpdeskGranted = "admin_helpdesk_granted",
    /// An administrator revoked the helpdesk role.
    AdminHelpdeskRevoked = "admin_helpdesk_revoked",
    /// An administrator or the helpdesk issued an access pass.
    AdminAccessPass = "admin_access_pass",
    /// An administrator issued a token for the account.
    AdminToken = "admin_token",
    /// An administrator ended all sessions.
    AdminSessionsEnded = "admin_sessions_ended",
    /// An administrator added an authenticator from another system.
    AdminImported = "admin_imported",
    /// An administrator exported the secret of an authenticator app.
    AdminExported = "admin_exported",
}

impl Notice {
    /// Returns the notice with this name; `None` for one that only another version of the service knows.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == name)
    }

    /// Returns whether an administrator caused it. Then the address and the device of the event are not the user's.
    pub const fn is_by_administrator(self) -> bool {
        match self {
            Self::AdminReset
            | Self::AdminUnlocked
            | Self::AdminEnforced
            | Self::AdminFactorRequired
            | Self::AdminFactorReleased
            | Self::AdminPasskeyRequired
            | Self::AdminPasskeyReleased
            | Self::AdminCodes
            | Self::AdminAuthenticatorRemoved
            | Self::AdminPassword
            | Self::AdminRights
            | Self::AdminRightsGranted
            | Self::AdminRightsRevoked
            | Self::AdminHelpdeskGranted
            | Self::AdminHelpdeskRevoked
            | Self::AdminAccessPass
            | Self::AdminToken
            | Self::AdminSessionsEnded
            | Self::AdminImported
            | Self::AdminExported => true,
            Self::Enrolled
            | Self::AppAdded
            | Self::AppReplaced
            | Self::AppRemoved
            | Self::PasskeyAdded
            | Self::PasskeyRemoved
            | Self::PhoneSet
            | Self::PhoneRemoved
            | Self::BackupChanged
            | Self::CodesRegenerated
            | Self::RecoveryUsed
            | Self::AccessPassUsed
            | Self::Locked => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_own_and_reads_back() {
        for notice in Notice::ALL {
            assert_eq!(Notice::parse(notice.as_str()), Some(*notice));
            assert_eq!(notice.is_by_administrator(), notice.as_str().starts_with("admin_"), "{notice:?}");
        }
        assert_eq!(Notice::parse("of a later version"), None);
    }
}
