//! What results look like: for people, and for programs.

pub(crate) mod json;
mod table;
pub(crate) mod text;
