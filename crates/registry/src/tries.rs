//! Trying again: what failed, whether to repeat it, and when.

use std::time::Duration;

use tokio::time::Instant;
use umbel_content::{RemoteError, RemoteProblem, TransportError};

use crate::NetworkEvent;
use crate::host::Host;
use crate::network::Network;
use crate::retry::{Next, SoFar, Trouble};

/// Even a step without time left gets this long for a last look at what it did.
const LAST_LOOK: Duration = Duration::from_secs(3);

/// A request that failed.
pub(crate) struct Failure {
    pub(crate) error: TransportError,
    /// What happened; `None` if the answer would be the same another time.
    pub(crate) trouble: Option<Trouble>,
}

impl Failure {
    /// A failure that will not go away.
    pub(crate) fn lasting(error: impl Into<TransportError>) -> Self {
        Self { error: error.into(), trouble: None }
    }

    /// Nothing was heard for too long.
    pub(crate) fn silence(request: impl Into<String>, waited: Duration) -> Self {
        let problem = RemoteProblem::Silent(waited);
        let error = RemoteError::new(request.into(), problem).into();
        Self { error, trouble: Some(Trouble::Silence) }
    }

    /// Whether the request may have done what it was to do, though nobody said so.
    pub(crate) fn effect_unknown(&self) -> bool {
        match &self.trouble {
            Some(Trouble::Reset | Trouble::HalfBody | Trouble::Silence) => true,
            Some(Trouble::Status(status, _)) => *status != 429,
            Some(Trouble::Connect) | None => false,
        }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::lasting(error)
    }
}

/// The tries of one step.
pub(crate) struct Tries<'n> {
    network: &'n Network,
    host: &'n Host,
    attempt: u32,
    /// When something last went forward.
    since: Instant,
    /// Waiting that the registry asked for does not count against the step.
    excused: Duration,
}

impl<'n> Tries<'n> {
    pub(crate) fn new(network: &'n Network, host: &'n Host) -> Self {
        Self { network, host, attempt: 1, since: Instant::now(), excused: Duration::ZERO }
    }

    fn spent(&self) -> Duration {
        self.since.elapsed().saturating_sub(self.excused)
    }

    /// Something went forward: what was spent before does not count any more.
    pub(crate) fn moved(&mut self) {
        (self.since, self.excused) = (Instant::now(), Duration::ZERO);
    }

    /// How long to wait for something that usually gets `usual`: no longer than the step has left.
    pub(crate) fn patience(&self, usual: Duration) -> Duration {
        let left = self.network.options().retries.budget.saturating_sub(self.spent());
        usual.min(left.max(LAST_LOOK))
    }

    /// Returns when the step may be tried again, or the error that it ends with.
    pub(crate) async fn again(&mut self, failure: Failure) -> Result<(), TransportError> {
        let Some(trouble) = &failure.trouble else { return Err(self.counted(failure.error)) };
        let policy = &self.network.options().retries;
        let so_far = SoFar { attempts: self.attempt, spent: self.spent() };
        let Next::After { wait, counted } = policy.next(*trouble, so_far, random()) else {
            return Err(self.counted(failure.error));
        };
        if !self.network.may_wait(wait) {
            return Err(self.counted(failure.error));
        }
        self.tell(&failure.error, wait);
        if let Trouble::Status(_, Some(_)) = trouble {
            self.host.pause(Instant::now() + wait);
        }
        self.excused += wait.saturating_sub(counted);
        tokio::time::sleep(wait).await;
        self.attempt += 1;
        Ok(())
    }

    fn tell(&self, error: &TransportError, wait: Duration) {
        let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
        let why = format!("{error}{cause}");
        let request = match error {
            TransportError::Remote(error) => &error.request,
            _ => &self.host.name,
        };
        self.network.tell(NetworkEvent::Retrying { request, why: &why, wait });
    }

    fn counted(&self, error: TransportError) -> TransportError {
        match error {
            TransportError::Remote(mut error) if !matches!(error.problem, RemoteProblem::Denied { .. }) => {
                error.tries = self.attempt;
                TransportError::Remote(error)
            }
            other => other,
        }
    }
}

/// A number from 0 to 1. Without randomness waits are as long as they can be, which is no harm.
fn random() -> f64 {
    getrandom::u32().map_or(1.0, |number| f64::from(number) / (f64::from(u32::MAX) + 1.0))
}
