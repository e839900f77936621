//! Copying a document with everything below it: gather, plan, execute.
//!
//! [`gather`] reads the documents of the source into a [`Tree`]; [`plan`] turns it, without any I/O,
//! into steps in an order that is always safe; [`execute`] takes them. Every blob and document is
//! copied as it is. The name at the destination moves in the last step, so a run that fails leaves
//! it on what it stood for before.

#![forbid(unsafe_code)]

mod execute;
mod plan;
mod tree;

pub use execute::{CopyError, Event, Interrupted, Report, execute};
pub use plan::{Plan, Step, plan};
pub use tree::{GatherError, Tree, gather};
