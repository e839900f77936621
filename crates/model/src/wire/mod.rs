//! How documents are written: strict readers and byte-exact writers.
//!
//! Everything that knows the name of a JSON member is in here.

pub(crate) mod detect;
mod fields;
pub(crate) mod go_json;
pub(crate) mod image;
pub(crate) mod index;
mod json;
