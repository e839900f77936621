//! The way of one request to its server and back: how the host is spoken to, redirects, and the clock.

use std::time::Duration;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, LOCATION, WARNING};
use http::{Method, StatusCode};
use tokio::time::Instant;
use umbel_content::{RemoteError, RemoteProblem, TransportError};
use url::Url;

use crate::address::SafeUrl;
use crate::auth::Authorization;
use crate::breakage::{NotHttp, broken};
use crate::call::{Answer, Call, Payload, Target};
use crate::host::Way;
use crate::origin::Origin;
use crate::repository::Repository;
use crate::retry::Trouble;
use crate::sending::Outgoing;
use crate::tls::Trust;
use crate::tries::Failure;
use crate::{NetworkEvent, redirect, warning};

/// Where one attempt at a request goes, and what it may show there.
pub(crate) struct Trip<'t> {
    pub(crate) url: Url,
    pub(crate) trust: Trust,
    pub(crate) authorization: Option<&'t Authorization>,
    pub(crate) patience: Duration,
}

impl Repository {
    /// Sends a request the way that is known to work, or finds one out.
    pub(crate) async fn any_way(
        &self,
        call: &Call<'_>,
        authorization: Option<&Authorization>,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        self.host().wait().await;
        let ways = self.host().ways();
        let mut first = None;
        for (at, way) in ways.iter().enumerate() {
            match self.one_way(call, *way, authorization, patience).await {
                // What is wrong with the right way is what matters, if anything is.
                Ok(answer) if *way == Way::Plain && at + 1 < ways.len() && wants_tls(&answer) => {}
                Ok(answer) => {
                    self.host().settle(*way);
                    self.tell_unverified(*way);
                    return Ok(answer);
                }
                Err(failure) => {
                    let other_way = suggests_another_way(*way, &failure);
                    first.get_or_insert(failure);
                    if !other_way {
                        break;
                    }
                }
            }
        }
        Err(first.expect("a host has a way"))
    }

    fn tell_unverified(&self, way: Way) {
        let options = self.network().options();
        if way == Way::Verified || options.tls.verify != crate::Verify::Never {
            return;
        }
        let (host, plain) = (self.host().name.as_str(), way == Way::Plain);
        let key = format!("unverified {host}");
        self.network().tell_once(key, NetworkEvent::Unverified { host, plain });
    }

    /// Sends a request one way, following redirects of what only reads.
    async fn one_way(
        &self,
        call: &Call<'_>,
        way: Way,
        authorization: Option<&Authorization>,
        patience: Duration,
    ) -> Result<Answer, Failure> {
        let lasting = |problem: String| {
            let problem = RemoteProblem::Nonsense(problem);
            Failure::lasting(RemoteError::new(self.describe(call), problem))
        };
        let home = self.host().url(way, "/").ok().and_then(|url| Origin::of(&url));
        let mut url = match &call.target {
            Target::Path(path) => self.host().url(way, path).map_err(|error| lasting(error.to_string()))?,
            Target::Url(url) => url.clone(),
        };
        let mut hops = 0;
        loop {
            let at_home = Origin::of(&url) == home;
            let trust = match url.scheme() {
                _ if at_home => way.trust(),
                "https" => Trust::Elsewhere,
                _ if way == Way::Plain => Trust::Plain,
                _ => return Err(lasting(format!("sent on to plain http at `{}`", SafeUrl(&url)))),
            };
            let trip =
                Trip { url: url.clone(), trust, authorization: authorization.filter(|_| at_home), patience };
            let answer = self.trip(call, trip).await?;
            let same_method = matches!(answer.status.as_u16(), 307 | 308);
            let reads = call.method == Method::GET || call.method == Method::HEAD;
            if !(same_method || (reads && matches!(answer.status.as_u16(), 301..=303))) {
                return Ok(answer);
            }
            let Some(location) = answer.header(LOCATION) else { return Ok(answer) };
            url = redirect::follow(&url, location, hops).map_err(|refusal| lasting(refusal.to_string()))?;
            if !reads && Origin::of(&url) != home {
                return Err(lasting(format!("sent on to write at `{}`", SafeUrl(&url))));
            }
            hops += 1;
        }
    }

    /// One request, one answer.
    pub(crate) async fn trip(&self, call: &Call<'_>, trip: Trip<'_>) -> Result<Answer, Failure> {
        let request = format!("{} {}", call.method, SafeUrl(&trip.url));
        let network = self.network();
        let client = network.clients().get(trip.trust, network.options()).map_err(|error| {
            let problem = RemoteProblem::Unreachable(Box::new(error));
            Failure::lasting(RemoteError::new(request.clone(), problem))
        })?;
        let builder = client.request(call.method.clone(), trip.url.clone()).headers(call.headers.clone());
        let builder = builder.header(ACCEPT_ENCODING, "identity");
        let builder = match trip.authorization.and_then(Authorization::header) {
            Some(header) => builder.header(AUTHORIZATION, header),
            None => builder,
        };
        let (builder, outgoing) = Outgoing::pack(builder, &call.method, &call.payload).await?;
        let permits = match call.payload {
            Payload::Blob(_) => &self.host().sending,
            Payload::None | Payload::Bytes(_) => &self.host().permits,
        };
        let permit = permits.acquire().await;
        let started = Instant::now();
        let answered = outgoing.patiently(trip.patience, builder.send()).await;
        drop(permit);
        if let Some(error) = outgoing.failure() {
            return Err(Failure::lasting(error));
        }
        let response = match answered {
            None => return Err(Failure::silence(request, trip.patience)),
            Some(answered) => answered.map_err(|error| broken(request.clone(), error))?,
        };
        let (status, headers) = (response.status(), response.headers().clone());
        network.tell(NetworkEvent::Answered {
            request: &request,
            status: status.as_u16(),
            authorized: trip.authorization.is_some() || call.headers.contains_key(AUTHORIZATION),
            after: started.elapsed(),
        });
        let answer = Answer { status, headers, url: trip.url, request, response };
        self.tell_warnings(&answer);
        Ok(answer)
    }

    fn tell_warnings(&self, answer: &Answer) {
        let host = self.host().name.as_str();
        let lines = answer.headers.get_all(WARNING).iter().filter_map(|line| line.to_str().ok());
        for text in warning::parse(lines) {
            let key = format!("warning {host} {text}");
            self.network().tell_once(key, NetworkEvent::Warning { host, text: &text });
        }
    }
}

/// Whether a plain answer says that this is a TLS port. Servers in Go and nginx answer so; what a registry
/// refuses, it refuses in JSON.
fn wants_tls(answer: &Answer) -> bool {
    let is_v2 = answer.headers.contains_key("docker-distribution-api-version");
    let is_json = answer.header(CONTENT_TYPE).is_some_and(|told| told.contains("json"));
    answer.status == StatusCode::BAD_REQUEST && !is_v2 && !is_json
}

/// Whether a failure is what a wrong guess about TLS looks like.
fn suggests_another_way(way: Way, failure: &Failure) -> bool {
    let TransportError::Remote(error) = &failure.error else { return false };
    match (way, &error.problem) {
        // A TLS server answers with an alert, which is no HTTP.
        (Way::Plain, RemoteProblem::Unreachable(source)) => source.is::<NotHttp>(),
        (Way::Unverified, RemoteProblem::NoTls(_)) => true,
        (Way::Unverified, _) => failure.trouble == Some(Trouble::Connect),
        (Way::Plain | Way::Verified, _) => false,
    }
}
