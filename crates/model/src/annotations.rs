//! Annotations, and the changes to them that people type.

use std::collections::BTreeMap;
use std::str::FromStr;

/// Annotations of an index or an entry: sorted, as every encoder of the field writes them.
pub type Annotations = BTreeMap<String, String>;

/// Annotation in which layouts keep the name of a document.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Annotation that marks an entry whose layers are zstd compressed.
pub const ZSTD: &str = "io.github.containers.compression.zstd";

/// Annotation that says what an entry is to another one (`attestation-manifest`).
pub const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// Annotation that names the entry which an attestation is about.
pub const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

/// One change: `key=value` sets, `key-` removes.
///
/// The key ends at the first `=`, so a value may hold any character, `=` and `,` included.
///
/// ```
/// use umbel_model::AnnotationChange;
/// let set = AnnotationChange::Set { key: "a".into(), value: "b=c,d".into() };
/// assert_eq!("a=b=c,d".parse(), Ok(set));
/// assert_eq!("a-".parse(), Ok(AnnotationChange::Remove { key: "a".into() }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationChange {
    /// The key gets this value.
    Set {
        /// Never empty.
        key: String,
        /// May be empty.
        value: String,
    },
    /// The key goes, if it is there.
    Remove {
        /// Never empty.
        key: String,
    },
}

impl AnnotationChange {
    /// Makes the change; of several with one key, the last wins.
    pub fn apply(&self, annotations: &mut Annotations) {
        match self {
            Self::Set { key, value } => drop(annotations.insert(key.clone(), value.clone())),
            Self::Remove { key } => drop(annotations.remove(key)),
        }
    }
}

impl FromStr for AnnotationChange {
    type Err = AnnotationError;

    fn from_str(text: &str) -> Result<Self, AnnotationError> {
        let change = match text.split_once('=') {
            Some((key, value)) => Self::Set { key: key.to_owned(), value: value.to_owned() },
            None => match text.strip_suffix('-') {
                Some(key) => Self::Remove { key: key.to_owned() },
                None => return Err(AnnotationError::Form(text.to_owned())),
            },
        };
        match &change {
            Self::Set { key, .. } | Self::Remove { key } if key.is_empty() => {
                Err(AnnotationError::EmptyKey(text.to_owned()))
            }
            _ => Ok(change),
        }
    }
}

/// A text that is no change of annotations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnnotationError {
    /// Neither `key=value` nor `key-`.
    #[error("`{0}` is not an annotation: write `key=value` to set one, `key-` to remove one")]
    Form(String),
    /// The key is empty.
    #[error("`{0}` is not an annotation: its key is empty")]
    EmptyKey(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_annotations_are_refused() {
        assert_eq!("ab".parse::<AnnotationChange>(), Err(AnnotationError::Form("ab".into())));
        assert_eq!("=v".parse::<AnnotationChange>(), Err(AnnotationError::EmptyKey("=v".into())));
        assert_eq!("-".parse::<AnnotationChange>(), Err(AnnotationError::EmptyKey("-".into())));
    }

    #[test]
    fn a_value_may_end_in_a_dash() {
        let change: AnnotationChange = "a=b-".parse().unwrap();
        assert_eq!(change, AnnotationChange::Set { key: "a".into(), value: "b-".into() });
    }
}
