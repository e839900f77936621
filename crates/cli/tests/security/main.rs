//! What hostile registries, documents and servers can do to the binary and the library: nothing.
//!
//! Each test is a claim with the input that would break it. The binary runs with little memory and little
//! time, so a claim about bounds is checked by every test here.
//!
//! | file | claims about |
//! |---|---|
//! | `documents`, `digests`, `sizes` | what a document says |
//! | `endless`, `compressed` | how much an answer holds |
//! | `content` | bytes that are not what they are called |
//! | `origins`, `logins`, `realms`, `internet` | who gets to see a login |
//! | `scopes` | what a token is asked for |
//! | `secrets`, `processes` | who else could see one |
//! | `terminal` | text that would steer a terminal |
//! | `pages` | listings |
//!
//! Documents are below `inputs`; what is large, or differs from another input in one place, is made by the
//! test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod compressed;
mod content;
mod desk;
mod digests;
mod documents;
mod endless;
mod flood;
mod internet;
mod logins;
mod network;
mod origins;
mod pages;
mod processes;
mod realms;
mod registry;
mod scopes;
mod secrets;
mod sizes;
mod terminal;
mod upstream;
