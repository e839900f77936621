//! Bytes with the two facts a descriptor states about them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::json::{Object, string};

/// Bytes, what they are, and the digest of exactly those bytes.
///
/// The fields are open so that a test can tell a lie on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// What the bytes are said to be.
    pub media_type: String,
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// The content itself.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// Computes the digest of `bytes`; the media type is taken as told.
    pub fn new(media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { media_type: media_type.to_owned(), digest: digest(&bytes), bytes }
    }

    /// The number of bytes, as descriptors count it.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The three fields that every descriptor has.
    pub(crate) fn descriptor(&self) -> Object {
        Object::default()
            .with("mediaType", string(&self.media_type))
            .with("digest", string(&self.digest))
            .with("size", self.size())
    }
}

/// The SHA-256 digest of `bytes` as OCI spells it: `sha256:` and lower-case hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::from("sha256:"), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes every write");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_agrees_with_the_published_vectors() {
        // FIPS 180-2, appendix B, and the well-known digest of nothing.
        assert_eq!(digest(b"abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digest(b""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
