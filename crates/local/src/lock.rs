//! Locks between processes: released by the kernel when their holder ends, however it ends.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::FileError;

/// After this long, somebody who waits says what for.
const ANNOUNCE_AFTER: Duration = Duration::from_secs(2);

/// How soon a lock is tried again at first, and at the most. Locks are held for milliseconds.
const POLL: (Duration, Duration) = (Duration::from_micros(500), Duration::from_millis(20));

/// How locks are waited for.
#[derive(Clone)]
pub struct Locking {
    /// How long to wait; `None` for as long as it takes.
    pub timeout: Option<Duration>,
    /// Called once with the name of what is waited for, when that takes longer than two seconds.
    pub waiting: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Default for Locking {
    /// Waits for as long as it takes and tells nobody.
    fn default() -> Self {
        Self { timeout: None, waiting: Arc::new(|_| {}) }
    }
}

impl std::fmt::Debug for Locking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Locking({:?})", self.timeout)
    }
}

/// The answer to an attempt to lock.
#[derive(Debug)]
pub(crate) enum LockError {
    /// The time was over.
    TimedOut(Duration),
    /// The file system said no.
    Io(FileError),
}

impl Locking {
    /// Takes the exclusive lock on an open file, which guards `what`.
    pub(crate) fn exclusive(&self, file: &File, path: &Path, what: &str) -> Result<(), LockError> {
        let started = Instant::now();
        let (mut pause, longest) = POLL;
        let mut announced = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(e)) => return Err(LockError::Io(FileError::at("lock", path)(e))),
                Err(TryLockError::WouldBlock) => {}
            }
            let waited = started.elapsed();
            if self.timeout.is_some_and(|timeout| waited >= timeout) {
                return Err(LockError::TimedOut(waited));
            }
            if waited >= ANNOUNCE_AFTER && !announced {
                (self.waiting)(what);
                announced = true;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(longest);
        }
    }
}
