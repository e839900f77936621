//! One source made of many: a document whose children live in several places.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use umbel_model::{Descriptor, Digest, ImageName, Manifest, Raw};

use crate::{Body, ReadBackend, Root, Task, TransportError};

/// A root document, and for each child the places that have it.
///
/// Whatever a child refers to is looked for where the child itself was found. Where several places
/// are given for one child, they are tried in order until one has it.
pub struct Assembled {
    location: String,
    root: Raw,
    places: Vec<Arc<dyn ReadBackend>>,
    homes: Mutex<HashMap<Digest, Vec<usize>>>,
    documents: HashMap<Digest, Box<[u8]>>,
}

impl Assembled {
    /// A source called `location` that serves `root`, with no places yet.
    pub fn new(location: String, root: Raw) -> Self {
        Self { location, root, places: Vec::new(), homes: Mutex::default(), documents: HashMap::new() }
    }

    /// The same with documents at hand, which need not be read from any place. One that is not what its
    /// digest says is not used.
    #[must_use]
    pub fn with_documents(mut self, documents: impl IntoIterator<Item = (Digest, Box<[u8]>)>) -> Self {
        self.documents.extend(documents);
        self
    }

    /// Adds a place and the children that it has.
    pub fn add<'d>(&mut self, place: Arc<dyn ReadBackend>, children: impl IntoIterator<Item = &'d Digest>) {
        let number = self.places.len();
        self.places.push(place);
        let mut homes = self.homes();
        for digest in children {
            homes.entry(digest.clone()).or_default().push(number);
        }
    }

    fn homes(&self) -> MutexGuard<'_, HashMap<Digest, Vec<usize>>> {
        // The map is never left half changed, so what a panicking thread held is still good.
        self.homes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn places_of(&self, descriptor: &Descriptor) -> Result<Vec<usize>, TransportError> {
        let known = self.homes().get(&descriptor.digest).cloned();
        known.ok_or_else(|| TransportError::missing(descriptor, self.location.clone()))
    }

    /// Remembers that what `bytes` refers to is where `bytes` was found, or may be.
    fn remember(&self, descriptor: &Descriptor, bytes: &[u8], found: &[usize]) {
        let raw = Raw::new(descriptor.media_type.clone(), bytes.to_vec());
        let children: Vec<Digest> = match Manifest::parse(raw) {
            Ok(Manifest::Index(index)) => index.view().entries.iter().map(|e| e.digest.clone()).collect(),
            Ok(Manifest::Image(image)) => image.view().blobs().map(|b| b.digest.clone()).collect(),
            // Whoever asked will find out that the document is bad, and says so better.
            Ok(Manifest::Schema1(_)) | Err(_) => Vec::new(),
        };
        let mut homes = self.homes();
        for digest in children {
            let places = homes.entry(digest).or_default();
            for place in found.iter().filter(|place| !places.contains(place)).collect::<Vec<_>>() {
                places.push(*place);
            }
        }
    }
}

impl ReadBackend for Assembled {
    fn location(&self) -> String {
        self.location.clone()
    }

    fn home_of(&self, descriptor: &Descriptor) -> String {
        let first = self.places_of(descriptor).ok().and_then(|places| places.first().copied());
        first.map_or_else(|| self.location(), |place| self.places[place].home_of(descriptor))
    }

    fn repositories_of(&self, descriptor: &Descriptor) -> Vec<ImageName> {
        let places = self.places_of(descriptor).unwrap_or_default();
        places.into_iter().flat_map(|place| self.places[place].repositories_of(descriptor)).collect()
    }

    fn read_root(&self, _limit: u64) -> Task<'_, Root> {
        Box::pin(async { Ok(Root::Named(self.root.clone())) })
    }

    fn read_manifest<'a>(&'a self, descriptor: &'a Descriptor, limit: u64) -> Task<'a, Vec<u8>> {
        Box::pin(async move {
            let places = self.places_of(descriptor)?;
            let at_hand = self.documents.get(&descriptor.digest).map(|bytes| bytes.to_vec());
            if let Some(bytes) = at_hand.filter(|bytes| Raw::verified(descriptor, bytes.clone()).is_ok()) {
                self.remember(descriptor, &bytes, &places);
                return Ok(bytes);
            }
            let mut first_error = None;
            for place in places {
                match self.places[place].read_manifest(descriptor, limit).await {
                    Ok(bytes) => {
                        self.remember(descriptor, &bytes, &[place]);
                        return Ok(bytes);
                    }
                    Err(error) => drop(first_error.get_or_insert(error)),
                }
            }
            Err(first_error.unwrap_or_else(|| TransportError::missing(descriptor, self.location.clone())))
        })
    }

    fn open_blob<'a>(&'a self, descriptor: &'a Descriptor) -> Task<'a, Box<dyn Body>> {
        Box::pin(async move {
            let mut first_error = None;
            for place in self.places_of(descriptor)? {
                match self.places[place].open_blob(descriptor).await {
                    Ok(body) => return Ok(body),
                    Err(error) => drop(first_error.get_or_insert(error)),
                }
            }
            Err(first_error.unwrap_or_else(|| TransportError::missing(descriptor, self.location.clone())))
        })
    }
}
