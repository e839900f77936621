//! `exists`: is there such a list, or such an image?

use umbel_content::TransportError;
use umbel_local::StoreError;
use umbel_model::name::Transport;

use crate::open::{self, Opened};
use crate::{Error, Session};

/// Asks whether something is there.
#[derive(Clone, Debug)]
pub struct Exists {
    /// A list by name, ID, prefix of an ID or digest, or the location of a document.
    pub reference: String,
}

impl Exists {
    /// Whether it is there. Something that is there but cannot be read is an error.
    pub async fn run(self, session: &Session) -> Result<bool, Error> {
        if Transport::split(&self.reference).is_none() {
            return match session.store.find(&self.reference) {
                Ok(_) => Ok(true),
                Err(StoreError::NotFound { .. }) => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
        let opened = open::source(session, &self.reference);
        let found = match opened {
            Ok(Opened::List(_)) => return Ok(true),
            Ok(Opened::Content(source, _)) => source.root().await.map(drop),
            Err(Error::Read { source, .. }) => Err(source),
            Err(error) => return Err(error),
        };
        match found {
            Ok(()) => Ok(true),
            Err(TransportError::NotFound { .. }) => Ok(false),
            Err(TransportError::Remote(error)) if error.is_not_found() => Ok(false),
            Err(source) => Err(Error::Read { reference: self.reference, source }),
        }
    }
}
