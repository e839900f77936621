//! The two contracts that a transport implements.

use std::future::Future;
use std::pin::Pin;

use umbel_model::{Descriptor, Digest, ImageName, Raw};

use crate::{Blob, Body, TransportError};

/// What an operation of a backend returns: a boxed future, so that the traits are object safe.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = Result<T, TransportError>> + Send + 'a>>;

/// The document that a location names, unchecked.
#[derive(Clone, Debug)]
pub enum Root {
    /// The place keeps a descriptor of it, which must be met and may say more, such as a platform.
    Described(Descriptor, Vec<u8>),
    /// The place has nothing but the document.
    Named(Raw),
}

/// A place to read from. Implementations hand out bytes as they find them; checking them is the
/// business of [`Source`](crate::Source), which is the only one to call these.
pub trait ReadBackend: Send + Sync {
    /// The place, for messages.
    fn location(&self) -> String;

    /// The place that has this content, for messages, where the source is made of several.
    fn home_of(&self, _descriptor: &Descriptor) -> String {
        self.location()
    }

    /// The repositories that are known to have this content, most likely first. None for content that
    /// is in no registry.
    fn repositories_of(&self, _descriptor: &Descriptor) -> Vec<ImageName> {
        Vec::new()
    }

    /// The document that the location names; at most `limit` bytes of it.
    fn read_root(&self, limit: u64) -> Task<'_, Root>;

    /// The bytes of a document named by digest; at most `limit` of them.
    fn read_manifest<'a>(&'a self, descriptor: &'a Descriptor, limit: u64) -> Task<'a, Vec<u8>>;

    /// The bytes of a blob.
    fn open_blob<'a>(&'a self, descriptor: &'a Descriptor) -> Task<'a, Box<dyn Body>>;
}

/// A place to write to, under one name.
///
/// Whoever writes places blobs first, then writes manifests with children before parents, and the root
/// last of all; a backend may rely on that order, and must not make anything visible under the name
/// before [`WriteBackend::publish`].
pub trait WriteBackend: Send + Sync {
    /// The place, for messages.
    fn location(&self) -> String;

    /// How many things may be written at the same time.
    fn parallel(&self) -> usize {
        1
    }

    /// Whether what is in one of these repositories is here, with everything below it.
    fn is_among(&self, _repositories: &[ImageName]) -> bool {
        false
    }

    /// What the name stands for now, if that can be told at little cost.
    fn current(&self) -> Task<'_, Option<Digest>> {
        Box::pin(async { Ok(None) })
    }

    /// Makes sure that the blob is here: complete, verified, and without sending it where that can be
    /// avoided.
    fn place_blob<'a>(&'a self, blob: &'a Blob, how: Placing) -> Task<'a, Placed>;

    /// Writes a document by its digest.
    fn write_manifest<'a>(&'a self, raw: &'a Raw) -> Task<'a, ()>;

    /// Writes the root and makes it what the name stands for. Everything under it must be there.
    fn publish<'a>(&'a self, root: &'a Raw) -> Task<'a, ()>;
}

/// What placing a blob may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// Signs that it is there already are believed.
    Reuse,
    /// It is sent, whatever the destination says to have: it said so before, and it was not true.
    Send,
}

/// How a blob came to be at a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It was there.
    Present,
    /// The destination had it in another repository and took it from there.
    Mounted,
    /// It was sent.
    Written,
}
