//! Choosing the entry that fits a platform best.

mod choose;
mod wanted;

pub use choose::{NoMatch, choose};
pub use wanted::Wanted;
