//! Bytes that keep their digest.

use crate::{Descriptor, Digest, MediaType};

/// A document's media type, its bytes, and the digest of exactly those bytes.
///
/// The digest is computed at construction, so the three can never disagree.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw {
    media_type: MediaType,
    bytes: Vec<u8>,
    digest: Digest,
}

impl Raw {
    /// Computes the digest of `bytes`; the media type is taken as told and not checked against the
    /// content.
    pub fn new(media_type: MediaType, bytes: Vec<u8>) -> Self {
        let digest = Digest::sha256(&bytes);
        Self { media_type, bytes, digest }
    }

    /// Takes `bytes` only if they are what `expected` describes: same size, same digest by the
    /// algorithm that `expected` names. The media type is that of `expected`.
    pub fn verified(expected: &Descriptor, bytes: Vec<u8>) -> Result<Self, Mismatch> {
        let Some(algorithm) = expected.digest.algorithm() else {
            return Err(Mismatch::UnknownAlgorithm(expected.digest.clone()));
        };
        if bytes.len() as u64 != expected.size {
            let (expected_size, actual) = (expected.size, bytes.len() as u64);
            return Err(Mismatch::Size { digest: expected.digest.clone(), expected: expected_size, actual });
        }
        let actual = Digest::of(algorithm, &bytes);
        if actual != expected.digest {
            return Err(Mismatch::Digest { expected: expected.digest.clone(), actual });
        }
        Ok(Self { media_type: expected.media_type.clone(), bytes, digest: actual })
    }

    /// What the document is said to be.
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// The document, to the byte.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of [`Raw::bytes`].
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The length in bytes.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// A descriptor of this document with nothing but type, digest and size.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.digest.clone(), self.size())
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raw({}, {} bytes, {})", self.media_type, self.bytes.len(), self.digest)
    }
}

/// Content that is not what its descriptor says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The length differs.
    #[error("content of `{digest}` has {actual} bytes instead of the {expected} its descriptor says")]
    Size {
        /// The digest that was asked for.
        digest: Digest,
        /// The size in the descriptor.
        expected: u64,
        /// What was there.
        actual: u64,
    },
    /// The digest differs.
    #[error("content that should be `{expected}` is `{actual}`")]
    Digest {
        /// The digest that was asked for.
        expected: Digest,
        /// What was there.
        actual: Digest,
    },
    /// There is no way to check.
    #[error("content of `{0}` cannot be verified: the algorithm is unknown")]
    UnknownAlgorithm(Digest),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_that_differs_from_its_descriptor_is_refused() {
        let descriptor = Raw::new(MediaType::OCI_INDEX, b"{}".to_vec()).descriptor();
        assert!(Raw::verified(&descriptor, b"{}".to_vec()).is_ok());
        assert!(matches!(Raw::verified(&descriptor, b"[]".to_vec()), Err(Mismatch::Digest { .. })));
        assert!(matches!(Raw::verified(&descriptor, b"{} ".to_vec()), Err(Mismatch::Size { .. })));
    }

    #[test]
    fn a_digest_of_another_algorithm_is_verified_by_that_algorithm() {
        let digest = Digest::of(crate::Algorithm::Sha512, b"{}");
        let descriptor = Descriptor::new(MediaType::OCI_INDEX, digest.clone(), 2);
        assert_eq!(Raw::verified(&descriptor, b"{}".to_vec()).unwrap().digest(), &digest);
    }
}
