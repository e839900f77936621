//! What a registry is shown to let somebody in.

use crate::Secret;

/// A proof of who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A user and a password, for basic authentication or a token server.
    Password {
        /// The user. May be empty, and is no secret: `Debug` shows it.
        user: String,
        /// The password, or the access token some registries take in its place.
        password: Secret,
    },
    /// A refresh token that a token server exchanges for access tokens (OAuth 2).
    IdentityToken(Secret),
}
