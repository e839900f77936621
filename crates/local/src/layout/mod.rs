//! OCI image layout directories (`image-layout.md` of the image-spec).
//!
//! ```text
//! oci-layout                {"imageLayoutVersion":"1.0.0"}
//! index.json                descriptors of the images, named by annotation
//! blobs/sha256/<hex>        indexes, manifests, configs, layers
//! ```
//!
//! Reading never leaves the directory: no link is followed, and nothing but regular files is
//! opened. Writing adds blobs under temporary names and puts `index.json` in place last, by a rename,
//! under a lock on the `blobs` directory; so a name moves at once and completely, and two writers
//! both survive. A blob that is complete stays even if the run that wrote it fails: the next one
//! finds it.

mod contents;
mod destination;
mod directory;
mod source;

pub use contents::with_image;
pub use destination::LayoutDestination;
pub use directory::{LayoutDirectory, NewBlob};
pub use source::LayoutSource;

use umbel_content::TransportError;
use umbel_model::{Digest, Document, Index, Manifest, MediaType, Raw};

use crate::dir::Dir;

/// `index.json` names every image of the layout; a large one has some thousands.
const INDEX_LIMIT: u64 = 16 << 20;

/// The file that makes a directory a layout is a few bytes long.
const MARKER_LIMIT: u64 = 4096;

/// Reads `index.json`; `None` if there is none.
fn read_index(dir: &Dir) -> Result<Option<Document<Index>>, TransportError> {
    let Some(bytes) = dir.read("index.json", INDEX_LIMIT)? else { return Ok(None) };
    let location = dir.path().display().to_string();
    let document = |source| TransportError::Document { what: "`index.json`".into(), location, source };
    match Manifest::parse(Raw::new(MediaType::OCI_INDEX, bytes)).map_err(document)? {
        Manifest::Index(index) => Ok(Some(index)),
        Manifest::Image(_) | Manifest::Schema1(_) => unreachable!("BUG: an index parses as an index"),
    }
}

/// Refuses a directory whose `oci-layout` is not that of a layout we know; says whether there is one.
fn check_marker(dir: &Dir) -> Result<bool, TransportError> {
    #[derive(serde::Deserialize)]
    struct Marker {
        #[serde(rename = "imageLayoutVersion")]
        version: String,
    }
    let Some(bytes) = dir.read("oci-layout", MARKER_LIMIT)? else { return Ok(false) };
    let problem = match serde_json::from_slice::<Marker>(&bytes) {
        Ok(marker) if marker.version == "1.0.0" => return Ok(true),
        Ok(marker) => format!("its `oci-layout` has version `{}`, not `1.0.0`", marker.version),
        Err(error) => format!("its `oci-layout` cannot be read: {error}"),
    };
    Err(not_a_layout(dir, problem))
}

fn not_a_layout(dir: &Dir, problem: String) -> TransportError {
    let location = dir.path().display().to_string();
    TransportError::WrongKind { location, expected: "an OCI layout", problem }
}

/// The directory below `blobs` and the name of the file of a digest.
fn blob_place(digest: &Digest) -> (&str, &str) {
    (digest.algorithm_name(), digest.encoded())
}
