//! Password hasher with bounded concurrency, so that its deliberate cost cannot overload the server.

use std::fmt;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use mfa_core::{
    BoxFuture, Entropy, HashError, PasswordCheck, PasswordDigest, PasswordHasher, PasswordKinds, SecretText,
};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::argon2id::{Argon2idDigest, HashMemory};
use super::stored_digest::{StoredDigest, bcrypt_dummy, bcrypt_hash, bcrypt_matches};

/// Limits of a [`SlowHasher`]. Each hash takes 19 MiB and tens of milliseconds of one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HasherLimits {
    /// Maximum number of concurrent hashes.
    pub at_once: NonZeroUsize,
    /// Maximum number of waiting requests; further ones are rejected at once.
    pub waiting: usize,
}

impl Default for HasherLimits {
    /// Two concurrent hashes, 32 waiting: at most about one second of wait.
    fn default() -> Self {
        Self { at_once: NonZeroUsize::MIN.saturating_add(1), waiting: 32 }
    }
}

impl HasherLimits {
    /// Sets the maximum number of concurrent hashes.
    #[must_use]
    pub const fn with_at_once(self, at_once: NonZeroUsize) -> Self {
        Self { at_once, ..self }
    }

    /// Sets the maximum number of waiting requests.
    #[must_use]
    pub const fn with_waiting(self, waiting: usize) -> Self {
        Self { waiting, ..self }
    }
}

/// Password hasher: hashes with Argon2id (19 MiB, two passes, one lane) or bcrypt, verifies Argon2id and bcrypt hashes.
///
/// Runs on the blocking threads of its own runtime, whatever runtime the caller uses. A started hash runs to its end and
/// counts against the limits until then, even if its caller stopped waiting.
///
/// A check takes the time of one hash of each kind that stored hashes have, whatever hash it checks, and whether or not
/// there is one ([`SlowHasher::set_kinds`]). The work of bcrypt is that of the greatest stored cost: a hash of cost `c` is
/// followed by dummies of the costs `c` to `n - 1`, which together take the time of cost `n`.
pub struct SlowHasher {
    runtime: Handle,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    work: Arc<Work>,
}

struct Work {
    entropy: Arc<dyn Entropy>,
    memory: HashMemory,
    dummy: Argon2idDigest,
    kinds: Mutex<PasswordKinds>,
    /// Hashes that were computed, in order.
    #[cfg(test)]
    computed: Mutex<Vec<String>>,
}

impl SlowHasher {
    /// Creates a hasher that uses the blocking threads of `runtime`, for stored hashes of Argon2id. Blocks for one hash:
    /// the dummy that logins of unknown users are checked against.
    ///
    /// # Errors
    ///
    /// [`HashError::Failed`] if there is no randomness or no memory: do not start.
    pub fn new(runtime: Handle, entropy: Arc<dyn Entropy>, limits: HasherLimits) -> Result<Self, HashError> {
        let memory = HashMemory::default();
        let mut dummy_password = [0_u8; 32];
        entropy.fill(&mut dummy_password).map_err(|_| HashError::Failed)?;
        let dummy = new_digest(&dummy_password, &*entropy, &memory)?;
        let admitted = limits.at_once.get().saturating_add(limits.waiting).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            runtime,
            running: Arc::new(Semaphore::new(limits.at_once.get().min(Semaphore::MAX_PERMITS))),
            admitted: Arc::new(Semaphore::new(admitted)),
            work: Arc::new(Work {
                entropy,
                memory,
                dummy,
                kinds: Mutex::new(PasswordKinds::ARGON2ID),
                #[cfg(test)]
                computed: Mutex::default(),
            }),
        })
    }

    /// Sets the kinds that stored hashes have. A check of another kind adds it.
    pub fn set_kinds(&self, kinds: PasswordKinds) {
        *self.work.kinds.lock().unwrap_or_else(PoisonError::into_inner) = kinds;
    }

    /// Returns the kinds that every check computes.
    pub fn kinds(&self) -> PasswordKinds {
        self.work.kinds_with(None)
    }

    async fn run<T, F>(&self, job: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce(&Work) -> Result<T, HashError> + Send + 'static,
    {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| HashError::Overloaded)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| HashError::Failed)?;
        let work = Arc::clone(&self.work);
        let task = self.runtime.spawn_blocking(move || {
            let _until_done = (admitted, running);
            job(&work)
        });
        task.await.map_err(|_| HashError::Failed)?
    }
}

impl Work {
    fn check(
        &self,
        password: &SecretText,
        digest: Option<&PasswordDigest>,
    ) -> Result<PasswordCheck, HashError> {
        let password = password.expose().as_bytes();
        let kinds = self.kinds_with(digest.map(PasswordDigest::as_column));
        let stored = match digest {
            Some(digest) => StoredDigest::parse(digest.as_column()),
            None => StoredDigest::Unreadable,
        };
        let (result, has_argon2id, bcrypt_from) = match &stored {
            StoredDigest::Argon2id(stored) => {
                let result = match self.argon2id(password, stored)? {
                    true if stored.is_outdated() => PasswordCheck::CorrectButOutdated,
                    true => PasswordCheck::Correct,
                    false => PasswordCheck::Wrong,
                };
                (result, true, None)
            }
            StoredDigest::Bcrypt { digest, cost } => {
                let is_correct = self.bcrypt(password, digest, *cost)?;
                let result =
                    if is_correct { PasswordCheck::CorrectButOutdated } else { PasswordCheck::Wrong };
                (result, false, Some(*cost))
            }
            StoredDigest::Unreadable => (PasswordCheck::Wrong, false, None),
        };
        // The results of the dummies are ignored: they exist to take the same time.
        if kinds.argon2id && !has_argon2id {
            black_box(self.argon2id(password, &self.dummy)?);
        }
        if let Some(greatest) = kinds.bcrypt_cost {
            let missing = bcrypt_from.map_or(greatest..greatest.saturating_add(1), |cost| cost..greatest);
            for cost in missing {
                black_box(self.bcrypt(password, &bcrypt_dummy(cost), cost)?);
            }
        }
        Ok(result)
    }

    /// Returns the kinds of stored hashes after adding that of this column.
    fn kinds_with(&self, column: Option<&str>) -> PasswordKinds {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.add(column.unwrap_or_default());
        *kinds
    }

    fn argon2id(&self, password: &[u8], digest: &Argon2idDigest) -> Result<bool, HashError> {
        #[cfg(test)]
        self.computed.lock().unwrap().push("argon2id".to_owned());
        digest.matches(password, &self.memory).map_err(|_| HashError::Failed)
    }

    #[cfg_attr(not(test), expect(unused_variables, clippy::unused_self, reason = "tests record the cost"))]
    fn bcrypt(&self, password: &[u8], digest: &str, cost: u32) -> Result<bool, HashError> {
        #[cfg(test)]
        self.computed.lock().unwrap().push(format!("bcrypt {cost}"));
        bcrypt_matches(password, digest).map_err(|_| HashError::Failed)
    }
}

impl PasswordHasher for SlowHasher {
    fn hash(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>> {
        Box::pin(self.run(move |work| {
            let digest = new_digest(password.expose().as_bytes(), &*work.entropy, &work.memory)?.to_phc();
            // From now on, a row may have this kind.
            work.kinds_with(Some(&digest));
            Ok(PasswordDigest::from_column(digest))
        }))
    }

    /// Hashes with the greatest cost that stored hashes have, at least with passlib's default.
    fn hash_bcrypt(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>> {
        Box::pin(self.run(move |work| {
            let mut salt = [0_u8; 16];
            work.entropy.fill(&mut salt).map_err(|_| HashError::Failed)?;
            let cost = work.kinds_with(None).bcrypt_cost.max(PasswordKinds::UNKNOWN.bcrypt_cost);
            let cost = cost.ok_or(HashError::Failed)?;
            let digest =
                bcrypt_hash(password.expose().as_bytes(), cost, salt).map_err(|_| HashError::Failed)?;
            // From now on, a row may have this kind.
            work.kinds_with(Some(&digest));
            Ok(PasswordDigest::from_column(digest))
        }))
    }

    fn verify(
        &self,
        password: SecretText,
        digest: Option<PasswordDigest>,
    ) -> BoxFuture<'_, Result<PasswordCheck, HashError>> {
        Box::pin(self.run(move |work| work.check(&password, digest.as_ref())))
    }
}

impl fmt::Debug for SlowHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = (self.running.available_permits(), self.admitted.available_permits());
        let kinds = self.kinds();
        f.debug_struct("SlowHasher").field("free", &free).field("kinds", &kinds).finish_non_exhaustive()
    }
}

fn new_digest(
    password: &[u8],
    entropy: &dyn Entropy,
    memory: &HashMemory,
) -> Result<Argon2idDigest, HashError> {
    let mut salt = [0_u8; 16];
    entropy.fill(&mut salt).map_err(|_| HashError::Failed)?;
    Argon2idDigest::hash(password, salt, memory).map_err(|_| HashError::Failed)
}

#[cfg(test)]
#[path = "slow_hasher/tests.rs"]
mod tests;
