//! The configuration files of container users, from text to plain values.
//!
//! Today these are the files with logins ([`AuthFile`]: `auth.json` of podman and skopeo, `config.json` and
//! `.dockercfg` of docker) and the directories with certificates ([`CertDir`]: `certs.d`, `--cert-dir`).
//!
//! Every format has a parser that takes bytes and a loader around it that takes a path. Nothing here reads the
//! environment, asks, prints or writes: the places to look at come in as values. Files are read only if they
//! are regular and small, so a pipe or a device under a well-known name neither blocks nor fills the memory.
//! No text that this crate makes for people, `Debug` included, has a password, a token or a private key in it.
//!
//! # Words
//!
//! A *login* is what a file holds about a registry; *credentials* are what a registry is shown. A *key* is the
//! name under which a file has a login: a registry, or a namespace in one.

#![forbid(unsafe_code)]

mod auth_entry;
mod auth_file;
mod auth_files;
mod auth_key;
mod certificates;
mod credentials;
mod json;
mod regular_file;
mod secret;
mod warning;

pub use auth_file::{AuthFile, AuthFileError, Found};
pub use auth_files::{Answer, AuthPaths, Directories, Lookup, find_credentials};
pub use certificates::{CertDir, CertDirError, ClientPair, PemFile};
pub use credentials::Credentials;
pub use regular_file::FileError;
pub use secret::Secret;
pub use warning::{Fault, Warning};
