//! Password hasher with bounded concurrency, so that its deliberate cost cannot overload the server.

use std::fmt;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;

use mfa_core::{BoxFuture, Entropy, HashError, PasswordCheck, PasswordDigest, PasswordHasher, SecretText};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::argon2id::{Argon2idDigest, HashMemory};
use super::stored_digest::{StoredDigest, bcrypt_matches};

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

/// Password hasher: hashes with Argon2id (19 MiB, two passes, one lane), verifies Argon2id and bcrypt hashes.
///
/// Runs on the blocking threads of its own runtime, whatever runtime the caller uses. A started hash runs to its end and
/// counts against the limits until then, even if its caller stopped waiting.
///
/// A check also takes the time of one Argon2id hash if there is no user or the stored hash has no known format. A bcrypt
/// check takes the time of its own cost.
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
}

impl SlowHasher {
    /// Creates a hasher that uses the blocking threads of `runtime`. Blocks for one hash: the dummy that logins of
    /// unknown users are checked against.
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
            work: Arc::new(Work { entropy, memory, dummy }),
        })
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
        let stored = match digest {
            Some(digest) => StoredDigest::parse(digest.as_column()).map_err(|_| HashError::Failed)?,
            None => StoredDigest::Unreadable,
        };
        match stored {
            StoredDigest::Argon2id(stored) => match stored.matches(password, &self.memory) {
                Ok(true) if stored.is_outdated() => Ok(PasswordCheck::CorrectButOutdated),
                Ok(true) => Ok(PasswordCheck::Correct),
                Ok(false) => Ok(PasswordCheck::Wrong),
                Err(_) => Err(HashError::Failed),
            },
            StoredDigest::Bcrypt(stored) => match bcrypt_matches(password, &stored) {
                Ok(true) => Ok(PasswordCheck::CorrectButOutdated),
                Ok(false) => Ok(PasswordCheck::Wrong),
                Err(_) => Err(HashError::Failed),
            },
            StoredDigest::Unreadable => {
                // The result is ignored: the check exists to take the same time.
                black_box(self.dummy.matches(password, &self.memory)).map_err(|_| HashError::Failed)?;
                Ok(PasswordCheck::Wrong)
            }
        }
    }
}

impl PasswordHasher for SlowHasher {
    fn hash(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>> {
        Box::pin(self.run(move |work| {
            let digest = new_digest(password.expose().as_bytes(), &*work.entropy, &work.memory)?;
            Ok(PasswordDigest::from_column(digest.to_phc()))
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
        f.debug_struct("SlowHasher").field("free", &free).finish_non_exhaustive()
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
