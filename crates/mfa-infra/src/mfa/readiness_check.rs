//! Readiness check of an opened [`Mfa`](super::Mfa).

use std::sync::Arc;

use mfa_core::Clock as _;

use super::instance::Mfa;
use super::mail;
use super::readiness::{PartState, Readiness};
use super::readiness_queries::QueryResults;
use super::sms;

impl Mfa {
    /// Checks the parts that calls need. The queries run at most once a second; callers in between share their results.
    pub async fn readiness(&self) -> Readiness {
        let ready = |is_ready, why| if is_ready { PartState::Ready } else { PartState::Failed(why) };
        let failed = QueryResults { database_answers: false, redis: PartState::Ready, sms: PartState::Ready };
        let results = match self.runtime.as_ref() {
            // A task of its own: a caller who leaves does not end it.
            Some(runtime) => {
                let queries = Arc::clone(&self.readiness_queries);
                runtime.spawn(queries.shared_results()).await.unwrap_or(failed)
            }
            None => failed,
        };
        Readiness {
            redis: results.redis,
            providers: sms::provider_state(&self.settings, self.flows.sms_sender()),
            mail: mail::queue_state(&self.mail),
            passkeys: match self.settings.passkeys.relying_party {
                Some(_) => PartState::Ready,
                None => PartState::Degraded("passkeys are off: set PUBLIC_URL or MFA_RP_ID"),
            },
            sms: results.sms,
            database: ready(results.database_answers, "the database does not answer"),
            keys: ready(
                self.cipher.check_key_check_value(self.key_manager.key_check_value()).is_ok(),
                "MFA_ENCRYPTION_KEYS does not contain the keys of this database",
            ),
            clock: ready(self.clock.is_trusted(), "the clock differs from the database's"),
        }
    }
}
