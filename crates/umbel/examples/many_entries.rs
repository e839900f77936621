//! Makes something to measure umbel with: an index of many entries, with all their images.
//!
//! ```text
//! cargo run -p umbel --example many_entries -- 5000 many
//! ```
//!
//! writes the OCI layout `many`, in which `oci:many:many` is an index of 5000 images for `linux/amd64`.
//! The images differ in their manifests only: they share one config and one layer. The same count gives the
//! same bytes every time.

use std::error::Error;
use std::fs;
use std::path::Path;

use umbel_testkit::{Layout, many_entries};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [count, directory] if !directory.starts_with('-') => {
            write_layout(count.parse()?, Path::new(directory))
        }
        _ => Err("usage: many_entries COUNT OUTDIR".into()),
    }
}

/// Writes the layout with the index under the name `many`.
fn write_layout(count: usize, directory: &Path) -> Result<(), Box<dyn Error>> {
    if directory.exists() && fs::read_dir(directory)?.next().is_some() {
        return Err(format!("`{}` is not empty", directory.display()).into());
    }
    fs::create_dir_all(directory)?;
    Layout::create(directory).add_index(&many_entries(count), Some("many"));
    Ok(())
}
