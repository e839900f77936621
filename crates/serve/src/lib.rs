//! A small OCI registry: for trying umbel, for hand-overs without a network, and for tests.
//!
//! It speaks the OCI distribution specification 1.1 over plain HTTP: pull, push (monolithic, chunked and
//! by mount), tags, referrers, deletes, the catalog. Besides, a manifest's `ETag` is its digest, and a
//! tag can be written on a condition (`If-Match`, `If-None-Match`), so that two writers do not undo each
//! other's work.
//!
//! Content is kept in memory, or in a directory in which every repository is an OCI layout: what
//! `umbel push oci:DIR/app:v1` wrote is served as `app:v1`, and what was pushed is read as
//! `oci:DIR/app:v1`.
//!
//! ```
//! use std::net::TcpListener;
//! use umbel_serve::{Registry, start};
//!
//! let running = start(TcpListener::bind("127.0.0.1:0")?, Registry::in_memory())?;
//! assert!(running.address().ip().is_loopback());
//! running.stop();
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! There is no authentication and no TLS; whoever can reach the address may do everything.

#![forbid(unsafe_code)]

mod endpoint;
mod listing;
mod range;
mod refusal;
mod registry;
mod reply;
mod route;
mod server;
mod storage;
mod upload;

pub use registry::Registry;
pub use server::{Running, start};
