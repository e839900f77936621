//! A client of OCI registries, for the copy engine and for whoever else wants one.
//!
//! It speaks the [OCI distribution specification] 1.1, and to registries that are older or have habits of
//! their own. What it promises:
//!
//! * **Digests are computed here.** A document is what its digest says, and what the registry says about it
//!   agrees; blobs are checked by [`Source`](umbel_content::Source), which reads them.
//! * **A name moves last, and is read back.** `publish` writes the tag once and looks whether it took.
//! * **Every wait has an end**, every read a bound ([`Timeouts`], [`Retries`]).
//! * **Failures are retried where they happen**, and never repeated blindly: after an error whose effect is
//!   unknown the client looks first.
//! * **Credentials belong to an origin.** They go to the registry that they are for and to the token server
//!   that it names, on the conditions of `auth::realm`; nowhere else, by whatever redirect.
//!
//! Everything here needs a [tokio] runtime with I/O and time; without one, using a repository is an error.
//!
//! [OCI distribution specification]: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
//! [tokio]: https://docs.rs/tokio

#![forbid(unsafe_code)]

mod address;
mod auth;
mod body;
mod breakage;
mod call;
mod content_range;
mod content_type;
mod destination;
mod endpoint;
mod exchange;
mod field_value;
mod host;
mod link;
mod network;
mod options;
mod origin;
mod printable;
mod problem;
mod reading;
mod redirect;
mod reference;
mod referrers_tag;
mod repository;
mod retry;
mod retry_after;
mod secret;
mod sending;
mod source;
mod tls;
mod travel;
mod tries;
mod upload_location;
mod warning;

pub use destination::RegistryDestination;
pub use endpoint::manifest::Reference;
pub use endpoint::referrers::Referrers;
pub use network::Network;
pub use options::{
    ClientPair, Credentials, CredentialsError, FindCredentials, NetworkEvent, NetworkOptions, Observer,
    Proxies, ReadBack, Timeouts, TlsOptions, Verify,
};
pub use repository::Repository;
pub use retry::Policy as Retries;
pub use secret::Secret;
pub use source::RegistrySource;
