//! Layers of one file each.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

use crate::blob::{Blob, digest};

/// A layer as a manifest names it, with the digest of its tar stream as a config names it.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) blob: Blob,
    pub(crate) diff_id: String,
}

impl Layer {
    /// Packs one executable file, owned by root and dated 1970, as a gzip-compressed tar.
    pub(crate) fn of_file(media_type: &str, path: &str, contents: &[u8]) -> Self {
        let tar = archive(path, contents);
        Self { blob: Blob::new(media_type, compressed(&tar)), diff_id: digest(&tar) }
    }

    /// Takes a blob as it is and calls its own digest the diff ID, as if it were not compressed.
    pub(crate) fn of_blob(blob: Blob) -> Self {
        Self { diff_id: blob.digest.clone(), blob }
    }
}

fn archive(path: &str, contents: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(contents.len() as u64);
    let mut tar = tar::Builder::new(Vec::new());
    // Members of a layer have no leading slash.
    tar.append_data(&mut header, path.trim_start_matches('/'), contents).expect("a Vec takes every write");
    tar.into_inner().expect("a Vec takes every write")
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    // The gzip header would otherwise be free to tell the time and the operating system.
    let unknown_system = 255;
    let mut gzip =
        GzBuilder::new().mtime(0).operating_system(unknown_system).write(Vec::new(), Compression::default());
    gzip.write_all(bytes).expect("a Vec takes every write");
    gzip.finish().expect("a Vec takes every write")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn layer_unpacks_to_its_file_and_to_its_diff_id() {
        let layer = Layer::of_file("x/y", "/bin/hello", b"program");
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(&layer.blob.bytes[..]).read_to_end(&mut tar).unwrap();
        assert_eq!(layer.diff_id, digest(&tar));

        let mut archive = tar::Archive::new(&tar[..]);
        let mut file = archive.entries().unwrap().next().unwrap().unwrap();
        let header = file.header().clone();
        assert_eq!(file.path().unwrap().to_str(), Some("bin/hello"));
        assert_eq!(
            [
                header.mode().unwrap().into(),
                header.mtime().unwrap(),
                header.uid().unwrap(),
                header.gid().unwrap()
            ],
            [0o755, 0, 0, 0]
        );
        let mut contents = String::new();
        file.read_to_string(&mut contents).unwrap();
        assert_eq!(contents, "program");
    }
}
