//! What a user should know about configuration that was read nevertheless.

use std::path::PathBuf;

use crate::AuthFileError;

/// Something in the configuration that is not used. Its causes are its sources, as with an error.
#[derive(Debug, thiserror::Error)]
pub enum Warning {
    /// A login cannot be used.
    #[error("the login for `{key}` in `{}` is skipped: {fault}", .path.display())]
    SkippedLogin {
        /// The file.
        path: PathBuf,
        /// Its key, fit for a terminal: shortened, without control characters and without a password.
        key: String,
        /// Why.
        fault: Fault,
    },
    /// A file that may have had logins cannot be used.
    #[error("a file with logins is skipped")]
    SkippedFile(#[source] AuthFileError),
    /// A directory has more than one client certificate, and only the first is shown to the registry.
    #[error("the client certificate `{}` is not used, as `{}` is", .unused.display(), .used.display())]
    UnusedPair {
        /// The one that is used.
        used: PathBuf,
        /// One that is not.
        unused: PathBuf,
    },
}

/// What is wrong with a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The key has a user in it, or no host.
    #[error("its key does not name a registry or a namespace")]
    NoRegistry,
    /// The text of `auth` cannot be decoded.
    #[error("its `auth` is not base64")]
    NotBase64,
    /// What `auth` stands for is not text.
    #[error("its `auth` does not decode to UTF-8")]
    NotUtf8,
    /// What `auth` stands for cannot be taken apart.
    #[error("its `auth` does not decode to `USER:PASSWORD`")]
    NoColon,
    /// There is a user without a password, or the other way round.
    #[error("it has only one of `username` and `password`")]
    HalfLogin,
}
