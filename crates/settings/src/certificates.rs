//! A directory with the certificates for one registry, as `--cert-dir` and `certs.d/HOST` have it.
//!
//! ```text
//! ca.crt                    an authority to trust beside those of the system; any number of `*.crt`
//! client.cert  client.key   a certificate to show to the registry, and its private key
//! ```
//!
//! Other files are left alone. Half a pair is an error, since the registry would answer as if there were none.
//! The bytes are returned as they are; that they are PEM is checked by who makes a TLS configuration of them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{FileError, Secret, Warning, regular_file};

/// The authorities of a whole system are a quarter of this.
const MAX_FILE_SIZE: u64 = 1 << 20;

/// For all authorities of a directory together.
const MAX_AUTHORITIES_SIZE: u64 = 8 << 20;

/// The certificates for one registry.
#[derive(Debug)]
pub struct CertDir {
    /// Authorities to trust beside those of the system, by name.
    pub authorities: Vec<PemFile>,
    /// What to show to the registry: the first by name.
    pub client: Option<ClientPair>,
    /// About further pairs, which are not used.
    pub warnings: Vec<Warning>,
}

/// The bytes of a PEM file.
#[derive(Clone, PartialEq, Eq)]
pub struct PemFile {
    /// The file, for messages.
    pub path: PathBuf,
    /// Its content.
    pub pem: Vec<u8>,
}

/// A client certificate and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientPair {
    /// The certificate, possibly with those that lead to its authority.
    pub certificate: PemFile,
    /// The file of the key, for messages.
    pub key_path: PathBuf,
    /// The key, as PEM.
    pub key: Secret<Vec<u8>>,
}

/// A directory with certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertDirError {
    /// The directory or a file in it cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A client certificate is alone.
    #[error(
        "the client certificate `{}` has no key `{}`; an authority would have to end in `.crt`",
        .certificate.display(), .key.display()
    )]
    NoKey {
        /// What is there.
        certificate: PathBuf,
        /// What is not.
        key: PathBuf,
    },
    /// A key is alone.
    #[error("the key `{}` has no client certificate `{}`", .key.display(), .certificate.display())]
    NoCertificate {
        /// What is there.
        key: PathBuf,
        /// What is not.
        certificate: PathBuf,
    },
    /// There are more authorities than anybody needs.
    #[error("the files `*.crt` in `{}` have more than {MAX_AUTHORITIES_SIZE} bytes", .path.display())]
    TooLarge {
        /// The directory.
        path: PathBuf,
    },
}

impl CertDir {
    /// Reads a directory. That it is missing is an error too: who looks in several places looks first.
    pub fn load(path: &Path) -> Result<Self, CertDirError> {
        let names = Names::list(path)?;
        let (client, warnings) = match names.pairs()?.split_first() {
            Some((used, others)) => {
                let unused =
                    |unused: &PathBuf| Warning::UnusedPair { used: used.clone(), unused: unused.clone() };
                (Some(ClientPair::read(used)?), others.iter().map(unused).collect())
            }
            None => (None, Vec::new()),
        };
        Ok(Self { authorities: read_authorities(path, names.authorities)?, client, warnings })
    }
}

impl PemFile {
    fn read(path: PathBuf) -> Result<Self, FileError> {
        Ok(Self { pem: regular_file::read(&path, MAX_FILE_SIZE)?, path })
    }
}

/// Shows the size in place of the content, in case somebody has put the key into the file of the certificate.
impl fmt::Debug for PemFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PemFile({:?}, {} bytes)", self.path, self.pem.len())
    }
}

impl ClientPair {
    fn read(certificate: &Path) -> Result<Self, FileError> {
        let key_path = certificate.with_extension("key");
        let key = Secret::new(regular_file::read(&key_path, MAX_FILE_SIZE)?);
        Ok(Self { certificate: PemFile::read(certificate.to_owned())?, key_path, key })
    }
}

/// Reads the authorities, as long as they are not absurdly many.
fn read_authorities(dir: &Path, paths: BTreeSet<PathBuf>) -> Result<Vec<PemFile>, CertDirError> {
    let mut size = 0;
    let mut authorities = Vec::new();
    for path in paths {
        let authority = PemFile::read(path)?;
        size += authority.pem.len() as u64;
        if size > MAX_AUTHORITIES_SIZE {
            return Err(CertDirError::TooLarge { path: dir.to_owned() });
        }
        authorities.push(authority);
    }
    Ok(authorities)
}

/// The files of a directory that matter, by what they are called.
#[derive(Default)]
struct Names {
    authorities: BTreeSet<PathBuf>,
    certificates: BTreeSet<PathBuf>,
    keys: BTreeSet<PathBuf>,
}

impl Names {
    fn list(dir: &Path) -> Result<Self, FileError> {
        let mut names = Self::default();
        for entry in dir.read_dir().map_err(FileError::at("list", dir))? {
            let path = entry.map_err(FileError::at("list", dir))?.path();
            match path.extension().and_then(OsStr::to_str) {
                Some("crt") => names.authorities.insert(path),
                Some("cert") => names.certificates.insert(path),
                Some("key") => names.keys.insert(path),
                _ => continue,
            };
        }
        Ok(names)
    }

    /// The certificates, if all of them and all keys are in pairs.
    fn pairs(&self) -> Result<Vec<PathBuf>, CertDirError> {
        for certificate in &self.certificates {
            let key = certificate.with_extension("key");
            if !self.keys.contains(&key) {
                return Err(CertDirError::NoKey { certificate: certificate.clone(), key });
            }
        }
        for key in &self.keys {
            let certificate = key.with_extension("cert");
            if !self.certificates.contains(&certificate) {
                return Err(CertDirError::NoCertificate { key: key.clone(), certificate });
            }
        }
        Ok(self.certificates.iter().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use tempfile::TempDir;

    use super::*;

    /// A directory with files whose content is their name.
    fn dir(names: &[&str]) -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        dir
    }

    /// An error without the place of the directory.
    fn error(dir: &TempDir) -> String {
        let place = format!("{}/", dir.path().display());
        CertDir::load(dir.path()).unwrap_err().to_string().replace(&place, "")
    }

    #[test]
    fn files_are_sorted_by_what_they_are_for() {
        let dir = dir(&["b.crt", "a.b.crt", "c.cert", "c.key", "README", "x.pem", "x.CRT", ".crt", "crt"]);
        let certs = CertDir::load(dir.path()).unwrap();
        let pem = |name: &str| PemFile { path: dir.path().join(name), pem: name.into() };
        assert_eq!(certs.authorities, [pem("a.b.crt"), pem("b.crt")]);
        let client = ClientPair {
            certificate: pem("c.cert"),
            key_path: dir.path().join("c.key"),
            key: Secret::new(b"c.key".to_vec()),
        };
        assert_eq!(certs.client, Some(client));
        assert!(certs.warnings.is_empty());
    }

    #[test]
    fn an_empty_directory_has_nothing() {
        let certs = CertDir::load(dir(&[]).path()).unwrap();
        assert!(certs.authorities.is_empty() && certs.client.is_none() && certs.warnings.is_empty());
    }

    #[test]
    fn the_first_pair_is_used_and_the_others_are_warnings() {
        let dir = dir(&["c.cert", "c.key", "a.x.cert", "a.x.key", "b.cert", "b.key"]);
        let certs = CertDir::load(dir.path()).unwrap();
        assert_eq!(certs.client.unwrap().key.expose(), b"a.x.key");
        let place = format!("{}/", dir.path().display());
        let warnings: Vec<String> =
            certs.warnings.iter().map(|w| w.to_string().replace(&place, "")).collect();
        assert_eq!(
            warnings,
            [
                "the client certificate `b.cert` is not used, as `a.x.cert` is",
                "the client certificate `c.cert` is not used, as `a.x.cert` is"
            ]
        );
    }

    #[test]
    fn half_a_pair_is_an_error_that_names_both_files() {
        let cases: [(&[&str], _); 4] = [
            (
                &["a.cert"],
                "the client certificate `a.cert` has no key `a.key`; an authority would have to end in `.crt`",
            ),
            (&["a.key"], "the key `a.key` has no client certificate `a.cert`"),
            (&["a.cert", "a.key", "b.key"], "the key `b.key` has no client certificate `b.cert`"),
            (&["a.crt", "a.key"], "the key `a.key` has no client certificate `a.cert`"),
        ];
        for (names, expected) in cases {
            assert_eq!(error(&dir(names)), expected);
        }
    }

    #[test]
    fn what_is_no_small_file_is_refused() {
        let pipe = dir(&[]);
        mknodat(CWD, pipe.path().join("a.crt"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(error(&pipe), "`a.crt` is not a regular file");

        let large = dir(&["a.cert"]);
        std::fs::write(large.path().join("a.key"), " ".repeat((1 << 20) + 1)).unwrap();
        assert_eq!(error(&large), "`a.key` has more than 1048576 bytes");

        let many = dir(&[]);
        for number in 0..9 {
            std::fs::write(many.path().join(format!("{number}.crt")), " ".repeat(1 << 20)).unwrap();
        }
        assert!(matches!(CertDir::load(many.path()), Err(CertDirError::TooLarge { .. })));
    }

    #[test]
    fn a_directory_that_is_missing_is_named() {
        let dir = dir(&["file"]);
        for name in ["none", "file"] {
            let path = dir.path().join(name);
            let error = CertDir::load(&path).unwrap_err().to_string();
            assert_eq!(error, format!("cannot list `{}`", path.display()));
        }
    }
}
