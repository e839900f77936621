//! What all repositories of one program share.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use umbel_model::ImageName;

use crate::host::Host;
use crate::tls::Clients;
use crate::{NetworkEvent, NetworkOptions, Repository};

/// How many large blobs are sent at once. More make a small registry slower, and a line is filled by
/// fewer.
const LARGE_UPLOADS: usize = 3;

/// The way to all registries: connections, logins, and what is known about each host.
///
/// Cheap to clone. Making one touches nothing; hosts are met when they are first used.
#[derive(Clone)]
pub struct Network(Arc<Shared>);

struct Shared {
    options: NetworkOptions,
    clients: Clients,
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
    /// What was said once and need not be said again.
    told: Mutex<HashSet<String>>,
    /// How long was waited before trying again, in all.
    waited: Mutex<Duration>,
    large_uploads: Semaphore,
}

impl Network {
    /// A network with nothing met yet.
    pub fn new(options: NetworkOptions) -> Self {
        Self(Arc::new(Shared {
            options,
            clients: Clients::default(),
            hosts: Mutex::default(),
            told: Mutex::default(),
            waited: Mutex::default(),
            large_uploads: Semaphore::new(LARGE_UPLOADS),
        }))
    }

    /// The repository of `name`; its tag and digest do not matter.
    pub fn repository(&self, name: &ImageName) -> Repository {
        Repository::new(self.clone(), self.host(name.host()), name.repository())
    }

    /// What was set.
    pub fn options(&self) -> &NetworkOptions {
        &self.0.options
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.0.clients
    }

    pub(crate) fn large_uploads(&self) -> &Semaphore {
        &self.0.large_uploads
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = lock(&self.0.hosts);
        hosts.entry(name.to_owned()).or_insert_with(|| Arc::new(Host::new(name, &self.0.options))).clone()
    }

    pub(crate) fn tell(&self, event: NetworkEvent<'_>) {
        (self.0.options.observer)(event);
    }

    /// Tells something unless it was told before; `key` says what counts as the same.
    pub(crate) fn tell_once(&self, key: String, event: NetworkEvent<'_>) {
        if lock(&self.0.told).insert(key) {
            self.tell(event);
        }
    }

    /// Takes `wait` from what may be waited in all; `false` if there is not so much left.
    pub(crate) fn may_wait(&self, wait: Duration) -> bool {
        let mut waited = lock(&self.0.waited);
        let total = waited.saturating_add(wait);
        let granted = total <= self.0.options.retries.total;
        if granted {
            *waited = total;
        }
        granted
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new(NetworkOptions::default())
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Network").field(&self.0.options).finish()
    }
}

/// None of our locks is held where something could panic and leave half a change.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
