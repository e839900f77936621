//! Logins for registries: one that was given, and those in the files of container users.

use std::fmt;
use std::sync::Arc;

use umbel_model::ImageName;
use umbel_registry::{Credentials, CredentialsError, FindCredentials, Secret};
use umbel_settings::{AuthPaths, Found, find_credentials};

/// Where logins come from.
pub struct Logins {
    /// A login for one registry, named as in image names; it goes before all others there.
    pub given: Option<(String, Credentials)>,
    /// The files to look into.
    pub files: AuthPaths,
    /// Told about files and entries that cannot be used, each time one is come across.
    pub warn: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Logins {
    /// These logins in the form that [`NetworkOptions`](umbel_registry::NetworkOptions) take.
    pub fn into_finder(self) -> Arc<FindCredentials> {
        Arc::new(move |name| self.find(name))
    }

    /// The login for a repository.
    pub fn find(&self, name: &ImageName) -> Result<Option<Credentials>, CredentialsError> {
        if let Some((host, credentials)) = &self.given
            && host == name.host()
        {
            return Ok(Some(credentials.clone()));
        }
        let lookup = find_credentials(&self.files, name.host(), name.path())?;
        for warning in &lookup.warnings {
            (self.warn)(&chain(warning));
        }
        let Some(answer) = lookup.answer else { return Ok(None) };
        match answer.found {
            Found::Credentials(credentials) => Ok(Some(converted(&credentials))),
            Found::Helper(helper) => {
                (self.warn)(&format!(
                    "`{}` keeps the login for `{}` with the credential helper `{helper}`, and umbel runs none yet; \
                     it goes on without a login",
                    answer.path.display(),
                    name.host(),
                ));
                Ok(None)
            }
        }
    }
}

impl fmt::Debug for Logins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logins").field("files", &self.files).finish_non_exhaustive()
    }
}

fn converted(credentials: &umbel_settings::Credentials) -> Credentials {
    match credentials {
        umbel_settings::Credentials::Password { user, password } => {
            Credentials::Password { user: user.clone(), password: Secret::new(password.expose()) }
        }
        umbel_settings::Credentials::IdentityToken(token) => {
            Credentials::IdentityToken(Secret::new(token.expose()))
        }
    }
}

/// An error with its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ImageName {
        text.parse().unwrap()
    }

    fn password(user: &str) -> Credentials {
        Credentials::Password { user: user.into(), password: Secret::new("p") }
    }

    #[test]
    fn a_given_login_is_for_its_registry_alone() {
        let given = Some(("quay.io".to_owned(), password("me")));
        let logins = Logins { given, files: AuthPaths::default(), warn: Arc::new(|_| {}) };
        assert_eq!(logins.find(&name("quay.io/a/b")).unwrap(), Some(password("me")));
        assert_eq!(logins.find(&name("quay.io:443/a/b")).unwrap(), None);
        assert_eq!(logins.find(&name("evil.quay.io/a/b")).unwrap(), None);
    }

    #[test]
    fn a_file_has_the_login_of_its_hosts() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("auth.json");
        std::fs::write(&path, r#"{"auths": {"quay.io": {"auth": "bWU6cA=="}}}"#).unwrap();
        let files = AuthPaths { explicit: Some(path), ..AuthPaths::default() };
        let logins = Logins { given: None, files, warn: Arc::new(|_| {}) };
        assert_eq!(logins.find(&name("quay.io/a")).unwrap(), Some(password("me")));
        assert_eq!(logins.find(&name("ghcr.io/a")).unwrap(), None);
    }
}
