//! Changes that administrators make to an account.

use super::{Account, BackupMethod, PhoneState, RecoveryState, Strikes, TotpState};
use crate::Timestamp;

impl Account {
    /// Removes every factor, revokes all sessions and unlocks: a user who lost the phone has often locked the account as
    /// well.
    pub fn reset(&mut self, now: Timestamp) {
        self.remove_all_factors(now);
        self.unlock();
    }

    /// Returns whether a reset would remove anything, or end a lock.
    pub fn can_be_reset(&self) -> bool {
        self.totp != TotpState::default()
            || self.phone != PhoneState::default()
            || self.backup_method != BackupMethod::None
            || self.recovery != RecoveryState::default()
            || self.has_passkey()
            || !self.other_authenticators.is_empty()
            || !self.internal.authenticators.is_empty()
            || self.can_be_unlocked()
    }

    /// Returns whether an unlock would change anything: a lock, also one that has ended, or wrong codes.
    pub fn can_be_unlocked(&self) -> bool {
        self.failures != 0
            || self.lock_until.is_some()
            || self.internal.strikes != Strikes::default()
            || self.internal.import_lock.is_some()
    }
}
