//! The verbs: one file each, with its options, its outcome and its one `run`.

pub mod add;
pub mod annotate;
pub mod combine;
pub mod copy;
pub mod create;
pub mod exists;
pub mod inspect;
pub mod list;
pub mod push;
pub mod remove;
pub mod rm;
