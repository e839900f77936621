//! A repository of a registry, and the ways in which requests about it are made.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use umbel_content::{RemoteError, RemoteProblem, TransportError};
use umbel_model::ImageName;

use crate::call::{Answer, Call, Target};
use crate::host::Host;
use crate::network::Network;
use crate::origin::Origin;
use crate::tls::Trust;
use crate::travel::Trip;
use crate::tries::{Failure, Tries};

/// A repository of a registry. Cheap to clone; nothing is asked before a method is called.
#[derive(Clone)]
pub struct Repository {
    network: Network,
    host: Arc<Host>,
    name: ImageName,
}

impl Repository {
    pub(crate) fn new(network: Network, host: Arc<Host>, name: ImageName) -> Self {
        Self { network, host, name }
    }

    /// Its name, without tag and digest.
    pub fn name(&self) -> &ImageName {
        &self.name
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// The address of something in this repository.
    pub(crate) fn target(&self, rest: &str) -> Target {
        Target::Path(format!("/v2/{}/{rest}", self.name.path()))
    }

    /// Scheme, host and port of the registry, as far as known.
    pub(crate) fn origin(&self) -> Result<Origin, TransportError> {
        let url = self.host.url(self.host.way(), "/").ok();
        let origin = url.as_ref().and_then(Origin::of);
        origin.ok_or_else(|| {
            let (request, what) = (self.host.name.clone(), "its name is no address".to_owned());
            RemoteError::new(request, RemoteProblem::Nonsense(what)).into()
        })
    }

    pub(crate) fn tries(&self) -> Tries<'_> {
        Tries::new(&self.network, &self.host)
    }

    /// How long to wait for the answer to a request.
    pub(crate) fn patience(&self, call: &Call<'_>) -> Duration {
        call.patience.unwrap_or(self.network.options().timeouts.answer)
    }

    /// Makes a request that may be repeated as it is, until there is an answer.
    pub(crate) async fn send(&self, call: &Call<'_>) -> Result<Answer, TransportError> {
        let mut tries = self.tries();
        loop {
            match self.once(call, tries.patience(self.patience(call))).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    /// Makes a request that may be repeated as it is, until there is an answer with all of its body, of
    /// at most `limit` bytes if it is a good one.
    pub(crate) async fn fetch(&self, call: &Call<'_>, limit: u64) -> Result<(Answer, Bytes), TransportError> {
        let mut tries = self.tries();
        loop {
            match self.fetch_once(call, limit, tries.patience(self.patience(call))).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    async fn fetch_once(
        &self,
        call: &Call<'_>,
        limit: u64,
        patience: Duration,
    ) -> Result<(Answer, Bytes), Failure> {
        let answer = self.once(call, patience).await?;
        if answer.status.is_success() {
            answer.read_all(limit, patience).await
        } else {
            Err(Failure::lasting(answer.refusal(patience).await))
        }
    }

    /// Makes a request to somebody else than the registry, with no more login than it has on it already,
    /// and follows no redirect.
    pub(crate) async fn fetch_elsewhere(
        &self,
        call: &Call<'_>,
        limit: u64,
    ) -> Result<(Answer, Bytes), TransportError> {
        let mut tries = self.tries();
        loop {
            match self.fetch_elsewhere_once(call, limit, tries.patience(self.patience(call))).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => tries.again(failure).await?,
            }
        }
    }

    async fn fetch_elsewhere_once(
        &self,
        call: &Call<'_>,
        limit: u64,
        patience: Duration,
    ) -> Result<(Answer, Bytes), Failure> {
        let Target::Url(url) = &call.target else { unreachable!("BUG: elsewhere is an address") };
        let there = Origin::of(url);
        let at_home = self.origin().is_ok_and(|home| there.is_some_and(|there| there.same_host(&home)));
        let trust = match (url.scheme(), self.host.way().trust()) {
            ("http", _) => Trust::Plain,
            (_, Trust::Plain) => Trust::Elsewhere,
            (_, trust) if at_home => trust,
            _ => Trust::Elsewhere,
        };
        let trip = Trip { url: url.clone(), trust, authorization: None, patience };
        let answer = self.trip(call, trip).await?;
        if let Some(failure) = answer.transient() {
            return Err(failure);
        }
        answer.read_all(limit, patience).await
    }
}
