//! The pure centre of umbel: values of the image formats and every decision about them.
//!
//! Nothing here does I/O, reads a clock or draws a random number; the same input gives the same
//! answer. What comes from outside is parsed once, strictly, into types that cannot be malformed
//! ([`Digest`], [`Platform`], [`ImageName`], …), and documents keep the exact bytes they came in
//! ([`Raw`], [`Document`]), so that what nobody edited keeps its digest.
//!
//! The words used are the glossary of `ARCHITECTURE.md`: an *index* is an OCI image index or a
//! Docker manifest list, an *entry* is a descriptor in it, a *document* is bytes with a read-only
//! view, a *location* names content on any transport.

#![forbid(unsafe_code)]

pub mod annotations;
pub mod descriptor;
pub mod digest;
pub mod document;
pub mod image;
pub mod index;
pub mod media_type;
pub mod name;
pub mod platform;
pub mod raw;
pub mod select;
mod wire;

pub use annotations::{AnnotationChange, Annotations};
pub use descriptor::{Descriptor, Extra};
pub use digest::{Algorithm, Digest, Hasher};
pub use document::{Document, DocumentError, Manifest};
pub use image::{ImageConfig, ImageManifest};
pub use index::{Edit, Encoded, Index, Selector, Style, Target};
pub use media_type::{DocumentKind, Flavor, MediaType};
pub use name::{ImageName, ListName, Location};
pub use platform::{Patch, Platform, PlatformPatch};
pub use raw::Raw;
pub use select::{NoMatch, Wanted, choose};
