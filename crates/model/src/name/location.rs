//! Locations: where content is, on any transport.

use std::path::PathBuf;

use super::{ImageName, NameError};
use crate::{Digest, digest::DigestError};

/// Where content is, written `TRANSPORT:REFERENCE` as containers' tools do
/// (`containers-transports(5)`).
///
/// Printing and parsing again gives the same location. Parsing touches no file and no network.
///
/// ```
/// use umbel_model::Location;
/// let location: Location = "oci:build/app:v1".parse().unwrap();
/// assert!(matches!(&location, Location::Layout { path, .. } if path.ends_with("app")));
/// assert_eq!(location.to_string(), "oci:build/app:v1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// `docker://NAME`: an image in a registry.
    Registry(ImageName),
    /// `oci:PATH[:NAME|:@N][@DIGEST]`: an image in an OCI layout directory.
    Layout {
        /// The directory.
        path: PathBuf,
        /// Which of the images in it.
        image: LayoutImage,
    },
    /// `oci-archive:PATH[:NAME|:@N][@DIGEST]`: an image in a tar archive of an OCI layout.
    LayoutArchive {
        /// The archive.
        path: PathBuf,
        /// Which of the images in it.
        image: LayoutImage,
    },
    /// `dir:PATH`: one image, or one list with its images, as plain files.
    Directory(PathBuf),
    /// `docker-archive:PATH[:NAME|:@N]`: an image in what `docker save` writes.
    DockerArchive {
        /// The archive.
        path: PathBuf,
        /// Which of the images in it.
        image: LayoutImage,
    },
    /// `docker-daemon:NAME` or `docker-daemon:sha256:ID`: an image of a Docker engine.
    Daemon(DaemonImage),
    /// `containers-storage:[STORE]NAME`: an image of podman and buildah.
    Storage {
        /// Which store; `None` for the user's own.
        store: Option<StoreSpec>,
        /// Name, digest or ID of the image. What it is can be told only with the store at hand.
        image: String,
    },
    /// `tarball:FILE[:FILE…]`: layers to wrap as an image.
    Tarball(Vec<PathBuf>),
    /// `sif:FILE`: a Singularity image.
    Sif(PathBuf),
    /// `atomic:…`: an OpenShift image stream.
    Atomic(String),
    /// `ostree:…`: an OSTree repository.
    Ostree(String),
}

impl Location {
    /// The transport of this location.
    pub fn transport(&self) -> Transport {
        match self {
            Self::Registry(_) => Transport::Docker,
            Self::Layout { .. } => Transport::Oci,
            Self::LayoutArchive { .. } => Transport::OciArchive,
            Self::Directory(_) => Transport::Dir,
            Self::DockerArchive { .. } => Transport::DockerArchive,
            Self::Daemon(_) => Transport::DockerDaemon,
            Self::Storage { .. } => Transport::ContainersStorage,
            Self::Tarball(_) => Transport::Tarball,
            Self::Sif(_) => Transport::Sif,
            Self::Atomic(_) => Transport::Atomic,
            Self::Ostree(_) => Transport::Ostree,
        }
    }

    /// The same place without the part that says which image of it is meant: where content can be
    /// found by digest for as long as the place exists, wherever a name may move.
    #[must_use]
    pub fn home(&self) -> Self {
        match self {
            Self::Registry(name) => Self::Registry(name.repository()),
            Self::Layout { path, .. } => Self::Layout { path: path.clone(), image: LayoutImage::Only },
            Self::LayoutArchive { path, .. } => {
                Self::LayoutArchive { path: path.clone(), image: LayoutImage::Only }
            }
            other => other.clone(),
        }
    }
}

/// Which image of a layout or archive is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LayoutImage {
    /// Nothing is said: there must be just one.
    Only,
    /// The one of that name.
    Name(String),
    /// The one at that position, counted from 0.
    Position(usize),
    /// The document of that digest; where a name is given too, it must have that digest.
    Digest {
        /// The name before the digest, if any.
        name: Option<String>,
        /// The digest.
        digest: Digest,
    },
}

/// An image of a Docker engine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DaemonImage {
    /// By name.
    Name(ImageName),
    /// By ID, the digest of its config.
    Id(Digest),
}

/// The bracketed part of a `containers-storage:` location: `[driver@root+runroot:options]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StoreSpec {
    /// The storage driver, such as `overlay`.
    pub driver: Option<String>,
    /// The root directory; absolute.
    pub root: PathBuf,
    /// The directory for what does not outlive a boot; absolute.
    pub run_root: Option<PathBuf>,
    /// Options of the driver.
    pub options: Vec<String>,
}

/// A way by which content is reached. Its name is the part of a location before the first colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Registries.
    Docker,
    /// OCI layout directories.
    Oci,
    /// OCI layouts in a tar archive.
    OciArchive,
    /// Plain directories.
    Dir,
    /// What `docker save` writes.
    DockerArchive,
    /// A Docker engine.
    DockerDaemon,
    /// The storage of podman and buildah.
    ContainersStorage,
    /// Layers to wrap.
    Tarball,
    /// Singularity images.
    Sif,
    /// OpenShift image streams.
    Atomic,
    /// OSTree repositories.
    Ostree,
}

impl Transport {
    /// All of them, in the order of documentation.
    pub const ALL: [Self; 11] = [
        Self::Docker,
        Self::Oci,
        Self::OciArchive,
        Self::Dir,
        Self::DockerArchive,
        Self::DockerDaemon,
        Self::ContainersStorage,
        Self::Tarball,
        Self::Sif,
        Self::Atomic,
        Self::Ostree,
    ];

    /// The name before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Oci => "oci",
            Self::OciArchive => "oci-archive",
            Self::Dir => "dir",
            Self::DockerArchive => "docker-archive",
            Self::DockerDaemon => "docker-daemon",
            Self::ContainersStorage => "containers-storage",
            Self::Tarball => "tarball",
            Self::Sif => "sif",
            Self::Atomic => "atomic",
            Self::Ostree => "ostree",
        }
    }

    /// The transport that `text` begins with, and what stands behind its colon.
    pub fn split(text: &str) -> Option<(Self, &str)> {
        let (name, rest) = text.split_once(':')?;
        Some((Self::ALL.into_iter().find(|transport| transport.name() == name)?, rest))
    }
}

/// A text that is no location.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// It does not begin with a transport.
    #[error("`{0}` is not a location: it does not begin with a transport such as `docker://` or `oci:`")]
    NoTransport(String),
    /// What follows the transport is malformed.
    #[error("`{text}` is not a location: {problem}")]
    Form {
        /// The whole text.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The image name in it is malformed.
    #[error("`{text}` is not a location")]
    Name {
        /// The whole text.
        text: String,
        /// What is wrong with the name.
        source: NameError,
    },
    /// The digest in it is malformed.
    #[error("`{text}` is not a location")]
    Digest {
        /// The whole text.
        text: String,
        /// What is wrong with the digest.
        source: DigestError,
    },
}
