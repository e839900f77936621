//! Names: of images in registries, of lists in the local store, of content on any transport.

mod grammar;
mod image_name;
mod list_name;
mod location;
mod location_text;

pub use image_name::{ImageName, NameError, NameProblem, Tag};
pub use list_name::ListName;
pub use location::{DaemonImage, LayoutImage, Location, LocationError, StoreSpec, Transport};
