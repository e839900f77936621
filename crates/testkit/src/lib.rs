//! Fixtures for umbel's tests: real images, indexes and layouts, made from nothing.
//!
//! The words here are those of the OCI specifications: a *blob* is bytes with a media type and a digest,
//! a *manifest* names a config and layers, an *index* has *entries* that name manifests, and a *layout*
//! is the directory that keeps them all.
//!
//! | to get | call |
//! |---|---|
//! | an image of a platform, whose `/hello` really runs there | [`image`] |
//! | a manifest that is no image, or is put together by hand | [`artifact`], [`manifest`] |
//! | the programs inside those images, bare | [`elf::program`] |
//! | an index or a Docker manifest list | [`index`], [`many_entries`] |
//! | a layout directory, and what one holds | [`Layout`], [`read_layout`], [`reachable_blobs`] |
//! | a file spoiled on purpose | [`damage`] |
//! | proof that a directory did not change | [`tree`] |
//! | a registry that misbehaves, with logins and certificates | [`network`] |
//!
//! # Promises
//!
//! * Nothing here uses an umbel crate. A test that compares the product with this crate compares two
//!   programs which were written apart.
//! * Every fixture is deterministic: the same calls give the same bytes, hence the same digests. There is no
//!   clock, no randomness and no environment in them; [`network`] has all three. (Compressed bytes may change with the version of `flate2`, so
//!   a test asks the fixture for a digest and does not spell it out.)
//! * Failure is a panic that names the path or the value at fault: a test without its fixture has nothing
//!   to say, and fixtures without `Result` keep the arrangement of a test to one line.
//!
//! ```
//! let arm = umbel_testkit::image("linux/arm64").build();
//! let intel = umbel_testkit::image("linux/amd64").annotation("org.example.team", "blue").build();
//! let list = umbel_testkit::index().entry(&arm).entry(&intel).build();
//! assert_eq!(list.manifest.digest, umbel_testkit::digest(&list.manifest.bytes));
//! ```

mod blob;
mod builder;
pub mod damage;
pub mod elf;
mod files;
mod image;
mod index;
mod json;
mod layer;
mod layout;
mod manifest;
pub mod media_type;
pub mod network;
mod oracle;
mod platform;

pub use blob::{Blob, digest};
pub use builder::Builder;
pub use files::tree;
pub use image::{Image, ImageParts, image};
pub use index::{Entry, Index, IndexParts, index, many_entries};
pub use layout::Layout;
pub use manifest::{ManifestParts, artifact, manifest};
pub use oracle::{reachable_blobs, read_layout};
pub use platform::Platform;
