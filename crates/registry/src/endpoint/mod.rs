//! The endpoints of the distribution API, one file each.

pub(crate) mod blob;
pub(crate) mod manifest;
pub(crate) mod overview;
pub(crate) mod pages;
pub(crate) mod referrers;
pub(crate) mod upload;
