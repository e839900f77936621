//! From the text a user gives to something that can be read or written.

use std::path::Path;
use std::sync::Arc;

use umbel_content::{Assembled, ReadBackend, Source, TransportError, WriteBackend};
use umbel_local::{LayoutDestination, LayoutSource, Record, StoreError};
use umbel_model::name::Transport;
use umbel_model::{Digest, Location};
use umbel_registry::{RegistryDestination, RegistrySource};

use crate::{Error, Session};

/// What a source's text turned out to be.
pub(crate) enum Opened {
    /// A list of the store.
    List(Box<Record>),
    /// Content on some transport, and the place it will be found at later.
    Content(Source, Location),
}

/// Opens a source: a location if the text begins with a transport, else a list of the store.
pub(crate) fn source(session: &Session, text: &str) -> Result<Opened, Error> {
    if Transport::split(text).is_some() {
        let location: Location = text.parse()?;
        let backend = read_backend(session, &location).map_err(|source| unreadable(text, source))?;
        let backend = backend.ok_or_else(|| no_transport(&location))?;
        return Ok(Opened::Content(Source::new(backend, session.limits), lasting(&location)));
    }
    match session.store.find(text) {
        Ok(record) => Ok(Opened::List(Box::new(record))),
        Err(StoreError::NotFound { .. }) => Err(Error::NoSuchList(text.to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// The backend of a location; `None` if its transport cannot be read.
fn read_backend(
    session: &Session,
    location: &Location,
) -> Result<Option<Arc<dyn ReadBackend>>, TransportError> {
    match location {
        Location::Registry(name) => Ok(Some(Arc::new(RegistrySource::new(&session.network, name.clone())))),
        Location::Layout { path, image } => Ok(Some(Arc::new(LayoutSource::open(path, image.clone())?))),
        _ => Ok(None),
    }
}

/// Opens a destination; writes nothing yet.
pub(crate) fn destination(session: &Session, text: &str) -> Result<Box<dyn WriteBackend>, Error> {
    let location: Location = text.parse()?;
    match &location {
        Location::Registry(name) => Ok(Box::new(RegistryDestination::new(&session.network, name.clone()))),
        Location::Layout { path, image } => {
            let opened = LayoutDestination::open(path, image.clone(), session.locking.clone());
            let failed = |source| Error::Destination { destination: text.to_owned(), source };
            Ok(Box::new(opened.map_err(failed)?))
        }
        _ => Err(no_transport(&location)),
    }
}

/// The source of a list: its document, and its entries wherever they live. A place that is gone is
/// an error only if an entry has no other.
pub(crate) fn list_source(
    session: &Session,
    record: &Record,
    root: umbel_model::Raw,
) -> Result<Source, Error> {
    let documents = record.documents.iter().map(|(digest, text)| (digest.clone(), text.as_bytes().into()));
    let mut assembled = Assembled::new(record.name.to_string(), root).with_documents(documents);
    add_origins(session, &mut assembled, record)?;
    Ok(Source::new(Arc::new(assembled), session.limits))
}

/// Adds the places that have the entries of a list.
pub(crate) fn add_origins(
    session: &Session,
    assembled: &mut Assembled,
    record: &Record,
) -> Result<(), Error> {
    let mut found: std::collections::HashSet<&Digest> = std::collections::HashSet::new();
    let mut first_error = None;
    for (home, entries) in record.origins.iter() {
        match read_backend(session, home) {
            Ok(Some(backend)) => {
                assembled.add(backend, entries);
                found.extend(entries);
            }
            Ok(None) => drop(first_error.get_or_insert_with(|| no_transport(home))),
            Err(source) => drop(first_error.get_or_insert_with(|| unreadable(&home.to_string(), source))),
        }
    }
    match record.index.entries.iter().find(|entry| !found.contains(&entry.digest)) {
        None => Ok(()),
        Some(entry) => Err(first_error.unwrap_or_else(|| Error::NoOrigin(entry.digest.clone()))),
    }
}

pub(crate) fn unreadable(reference: &str, source: TransportError) -> Error {
    Error::Read { reference: reference.to_owned(), source }
}

fn no_transport(location: &Location) -> Error {
    Error::NoTransport { reference: location.to_string(), transport: location.transport() }
}

/// The home of a location, in a form that does not depend on the working directory.
fn lasting(location: &Location) -> Location {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match location.home() {
        Location::Layout { path, image } => Location::Layout { path: absolute(&path), image },
        other => other,
    }
}
