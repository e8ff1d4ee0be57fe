//! The password hasher: slow on purpose, and bounded so that slowness cannot be turned against the server.

use std::fmt;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;

use mfa_core::{BoxFuture, Entropy, HashError, PasswordCheck, PasswordDigest, PasswordHasher, SecretText};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::argon2id::{Argon2idDigest, HashMemory};
use super::stored_digest::{StoredDigest, bcrypt_matches};

/// How much a [`SlowHasher`] does at a time. Each hash takes 19 MiB and tens of milliseconds of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HasherLimits {
    /// How many run at once.
    pub at_once: NonZeroUsize,
    /// How many more may wait; whoever comes then is refused at once.
    pub waiting: usize,
}

impl Default for HasherLimits {
    /// Two at once, 32 waiting: at most about a second of wait.
    fn default() -> Self {
        Self { at_once: NonZeroUsize::MIN.saturating_add(1), waiting: 32 }
    }
}

/// Hashes passwords with Argon2id (19 MiB, two passes, one lane), and checks them against Argon2id and bcrypt hashes.
///
/// Works on the blocking threads of the runtime it was given, whatever runtime its caller is on. A hash that has begun
/// runs to its end and counts against the limits until then, also where its caller has gone away.
///
/// A check takes the time of one Argon2id hash also where there is no user or the stored hash is of no known kind;
/// bcrypt hashes take the time their own cost asks for.
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
    /// Works on the blocking threads of `runtime`. Blocks for one hash, to make the dummy that unknown users are
    /// checked against.
    ///
    /// # Errors
    ///
    /// [`HashError::Failed`] when there is no randomness or no memory: do not start.
    pub fn new(runtime: Handle, entropy: Arc<dyn Entropy>, limits: HasherLimits) -> Result<Self, HashError> {
        let memory = HashMemory::default();
        let mut nobodys_password = [0_u8; 32];
        entropy.fill(&mut nobodys_password).map_err(|_| HashError::Failed)?;
        let dummy = new_digest(&nobodys_password, &*entropy, &memory)?;
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
                // Whatever it says is ignored: it is there to take as long.
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
