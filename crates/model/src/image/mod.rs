//! Images: their manifests, and what their configs say about the platform.

mod config;
mod manifest;

pub use config::ImageConfig;
pub use manifest::ImageManifest;
