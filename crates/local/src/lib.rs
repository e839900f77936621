//! Our own files: OCI layout directories, and the embedded store of lists.
//!
//! Both keep the same promises. A change becomes visible by one rename, after what it consists of
//! is on disk; whoever dies before that leaves at most a temporary file, which the next one removes.
//! Nothing is opened through a symbolic link or as anything but a regular file, and everything read
//! into memory is bounded.

mod dir;
mod lock;
mod staged;

pub mod layout;
pub mod store;

pub use dir::FileError;
pub use layout::{LayoutDestination, LayoutSource};
pub use lock::Locking;
pub use store::{Draft, Record, Store, StoreError};
