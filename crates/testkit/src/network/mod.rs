//! A registry that misbehaves: a proxy in front of a real one.
//!
//! [`Front`] stands before any registry that speaks plain HTTP. It passes requests on, and plays by script:
//! [`Fault`]s befall single requests, [`Quirk`]s are habits of the whole registry, a [gate] asks for
//! credentials, and [`OtherHost`] is where a client may be sent and should not take its secrets. Everything
//! is noted in a log; [`audit`] tells what is really in the registry in the end.
//!
//! | file | subject |
//! |---|---|
//! | `wire`, `framing` | messages as values, and as bytes |
//! | `server`, `client` | one end of a connection each; blocking, a thread for each connection |
//! | `kind`, `script` | what a request asks for, and when a fault befalls it |
//! | `fault`, `play` | the faults, and what each does |
//! | `quirk`, `profile` | the habits, and which product has them |
//! | `proxy`, `log`, `other_host`, `audit` | the front, its log, the second host, the last look |
//! | `gate`, `tokens`, `tls` | who may come in, and how |
//!
//! What a client sends never makes a connection's thread panic; only the arrangement of a test does.
//!
//! ```
//! use std::sync::Arc;
//! use umbel_testkit::network::{Fault, Front, Kind, When, client::fetch, server, wire::{Request, Response}};
//!
//! let registry = server::start("127.0.0.1:0", None, Arc::new(|_: &Request| Response::new(200, "{}")));
//! let front = Front::before(registry.address().to_string())
//!     .fault(Fault::Status(503), When::nth(Kind::ManifestGet, 2))
//!     .start();
//! let read = || fetch(&front.authority(), &Request::new("GET", "/v2/app/manifests/1")).unwrap().status;
//! assert_eq!([read(), read(), read()], [200, 503, 200]);
//! assert_eq!(front.log()[1].fault, Some(Fault::Status(503)));
//! ```

mod audit;
pub mod client;
mod fault;
mod framing;
pub mod gate;
mod kind;
mod log;
mod other_host;
mod play;
mod profile;
mod proxy;
mod quirk;
mod script;
pub mod server;
pub mod tls;
pub mod tokens;
pub mod wire;

pub use audit::{Audit, audit};
pub use fault::{Case, Fault, Must};
pub use kind::Kind;
pub use log::Logged;
pub use other_host::{OtherHost, Role};
pub use profile::{Profile, Source};
pub use proxy::{Front, FrontBuilder};
pub use quirk::Quirk;
pub use script::When;
