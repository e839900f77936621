//! Bytes in motion: the contract between umbel and the places where content lives.
//!
//! A backend implements [`ReadBackend`] or [`WriteBackend`], raw and without checks of its own. What
//! the rest of umbel sees is [`Source`], which bounds and verifies everything: a blob whose bytes
//! are not those of its digest fails at its end, a manifest is never handed out unverified.

#![forbid(unsafe_code)]

mod assembled;
mod backend;
mod blob;
mod block_on;
mod body;
mod error;
mod remote;
mod source;

pub use assembled::Assembled;
pub use backend::{Placed, Placing, ReadBackend, Root, Task, WriteBackend};
pub use blob::Blob;
pub use block_on::block_on;
pub use body::{Body, Buffer, VerifiedBody};
pub use error::TransportError;
pub use remote::{Refusal, RemoteError, RemoteProblem};
pub use source::{Limits, Source, SourceRoot};
