//! A registry as a host: how it is reached, who we are there, and how much it can take.

use std::sync::{Mutex, OnceLock};

use tokio::sync::{MutexGuard, Semaphore};
use tokio::time::Instant;
use url::Url;

use crate::auth::Broker;
use crate::network::lock;
use crate::tls::Trust;
use crate::{NetworkOptions, Verify};

/// What Docker Hub is called in names, and what it is called on the network.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// One registry.
pub(crate) struct Host {
    /// As names have it, with its port if there is one.
    pub(crate) name: String,
    /// Logins and tokens.
    pub(crate) broker: Broker,
    /// How many requests may be under way, besides blobs that are sent.
    pub(crate) permits: Semaphore,
    /// How many blobs may be sent. They are counted apart: what is sent may have to be read from here.
    pub(crate) sending: Semaphore,
    ways: Vec<Way>,
    /// Which of the ways works, once something was answered.
    way: OnceLock<Way>,
    /// Held by the first request to a host on TLS: what it learns, the protocol and the kind of login, the
    /// others need not find out each for itself.
    meeting: tokio::sync::Mutex<()>,
    /// Until when the registry wants to be left alone, by all requests together.
    paused: Mutex<Option<Instant>>,
}

/// A way of speaking to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Plain http.
    Plain,
    /// TLS, with certificates checked.
    Verified,
    /// TLS, with nothing checked.
    Unverified,
}

impl Way {
    pub(crate) fn trust(self) -> Trust {
        match self {
            Self::Plain => Trust::Plain,
            Self::Verified => Trust::Verified,
            Self::Unverified => Trust::Unverified,
        }
    }

    fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "http",
            Self::Verified | Self::Unverified => "https",
        }
    }
}

impl Host {
    pub(crate) fn new(name: &str, options: &NetworkOptions) -> Self {
        Self {
            name: name.to_owned(),
            broker: Broker::default(),
            permits: Semaphore::new(options.parallel.max(1)),
            sending: Semaphore::new(options.parallel.max(1)),
            ways: ways(options.tls.verify, is_loopback(name)),
            way: OnceLock::new(),
            meeting: tokio::sync::Mutex::default(),
            paused: Mutex::default(),
        }
    }

    /// The ways to try, best first; just one once it is known which works.
    pub(crate) fn ways(&self) -> &[Way] {
        self.way.get().map_or(&self.ways, std::slice::from_ref)
    }

    /// The way that works, or the best guess.
    pub(crate) fn way(&self) -> Way {
        self.ways()[0]
    }

    /// Waits for the first request to this host to be answered; whoever gets the guard makes it. On plain
    /// http there is little to learn, and everybody goes ahead.
    pub(crate) async fn meet(&self) -> Option<MutexGuard<'_, ()>> {
        if self.way.get().is_some() || self.way() == Way::Plain {
            return None;
        }
        let guard = self.meeting.lock().await;
        self.way.get().is_none().then_some(guard)
    }

    /// Something was answered this way: it is the one.
    pub(crate) fn settle(&self, way: Way) {
        // Whoever was first settled it.
        let _ = self.way.set(way);
    }

    /// The address of `path` on this host.
    pub(crate) fn url(&self, way: Way, path: &str) -> Result<Url, url::ParseError> {
        let address = if self.name == DOCKER_HUB.0 { DOCKER_HUB.1 } else { &self.name };
        Url::parse(&format!("{}://{address}{path}", way.scheme()))
    }

    /// The registry wants no request before `until`.
    pub(crate) fn pause(&self, until: Instant) {
        let mut paused = lock(&self.paused);
        *paused = (*paused).max(Some(until));
    }

    /// Waits until the registry takes requests again.
    pub(crate) async fn wait(&self) {
        // While this one waits, another may have been told to wait for longer.
        loop {
            let until = *lock(&self.paused);
            match until.filter(|until| *until > Instant::now()) {
                Some(until) => tokio::time::sleep_until(until).await,
                None => return,
            }
        }
    }
}

/// The ways to a host. On the loopback plain http comes first: that is how registries run there, and
/// nothing is sent that anybody else could read. Elsewhere it comes last, and only if asked for.
fn ways(verify: Verify, is_loopback: bool) -> Vec<Way> {
    match (verify, is_loopback) {
        (Verify::Always, _) | (Verify::ExceptLoopback, false) => vec![Way::Verified],
        (Verify::ExceptLoopback, true) => vec![Way::Plain, Way::Verified],
        (Verify::Never, true) => vec![Way::Plain, Way::Unverified],
        (Verify::Never, false) => vec![Way::Unverified, Way::Plain],
    }
}

fn is_loopback(name: &str) -> bool {
    let url = Url::parse(&format!("https://{name}/"));
    url.ok().and_then(|url| crate::origin::Origin::of(&url)).is_some_and(|origin| origin.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_the_loopback_or_for_who_asks_for_it() {
        for (verify, name, expected) in [
            (Verify::ExceptLoopback, "localhost:5000", vec![Way::Plain, Way::Verified]),
            (Verify::ExceptLoopback, "[::1]:5000", vec![Way::Plain, Way::Verified]),
            (Verify::ExceptLoopback, "127.9.9.9", vec![Way::Plain, Way::Verified]),
            (Verify::ExceptLoopback, "localhost.example.com", vec![Way::Verified]),
            (Verify::ExceptLoopback, "10.0.0.1:5000", vec![Way::Verified]),
            (Verify::Always, "localhost:5000", vec![Way::Verified]),
            (Verify::Never, "quay.io", vec![Way::Unverified, Way::Plain]),
            (Verify::Never, "localhost", vec![Way::Plain, Way::Unverified]),
        ] {
            assert_eq!(ways(verify, is_loopback(name)), expected, "{verify:?} {name}");
        }
    }

    #[test]
    fn docker_hub_has_another_name_on_the_network() {
        let host = Host::new("docker.io", &NetworkOptions::default());
        assert_eq!(host.url(host.way(), "/v2/").unwrap().as_str(), "https://registry-1.docker.io/v2/");
    }
}
