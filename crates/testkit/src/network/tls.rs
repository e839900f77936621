//! A private certificate authority, and the TLS end of a test server.
//!
//! An [`Authority`] has its own key and signs certificates for servers and clients; nobody trusts it before
//! a test says so. Keys are made anew each time and live in memory, except for those that
//! [`Authority::write_cert_dir`] writes where container tools look for them. Certificates are valid for
//! centuries, so that no test fails on a certain date.
//!
//! The cryptography is that of `ring`, handed to each configuration: the default of the process, which the
//! product may care about, is never touched.
//!
//! A certificate for the wrong name needs no function of its own: ask for one with a name by which nobody
//! will call the server.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::files::{must, write};

/// How long a refused client may take to hang up: it has the alert, and nothing else to wait for.
const PATIENCE: Duration = Duration::from_secs(1);

/// More than the first flight of any client; who sends on and on is cut off.
const MOST_READ_AWAY: u64 = 1 << 20;

/// A private certificate authority; each one is a stranger to all others.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// Which files of a client's certificate a directory gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientFiles {
    /// None: the directory only says whom to trust.
    Absent,
    /// `client.cert` and `client.key`.
    Pair,
    /// `client.cert` alone, which container tools refuse.
    CertAlone,
    /// `client.key` alone, which container tools refuse.
    KeyAlone,
}

impl Authority {
    /// Makes an authority with a new key and a name of its own.
    pub fn new() -> Self {
        let key = new_key();
        // With equal names, a certificate of another authority would fail for its signature and not,
        // as it should, for its unknown issuer.
        let digest = crate::digest(key.public_key_raw());
        let mut params = named(&format!("test authority {}", &digest["sha256:".len()..][..12]));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self { issuer: signed_by_itself(params, key) }
    }

    /// The authority's certificate, for a list of trusted ones.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server that answers to `names`: DNS names, `*.` patterns and IP addresses.
    #[track_caller]
    pub fn server(&self, names: &[&str]) -> ServerTls {
        let pair = self.sign(&for_server(names));
        ServerTls::new(pair, WebPkiClientVerifier::no_client_auth())
    }

    /// A server whose certificate is no longer valid, since 2020.
    #[track_caller]
    pub fn expired_server(&self, names: &[&str]) -> ServerTls {
        let mut params = for_server(names);
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
        ServerTls::new(self.sign(&params), WebPkiClientVerifier::no_client_auth())
    }

    /// A server that turns away clients without a certificate of this authority.
    ///
    /// By TLS 1.3 such a client believes the handshake to be done, and learns of the refusal when it reads.
    #[track_caller]
    pub fn server_requiring_clients(&self, names: &[&str]) -> ServerTls {
        ServerTls::new(self.sign(&for_server(names)), self.client_verifier())
    }

    /// A certificate for a client and its key, both as PEM.
    pub fn client_pair(&self) -> (String, String) {
        let pair = self.sign(&for_client());
        (pair.cert_pem, pair.key.serialize_pem())
    }

    /// Writes what container tools expect below `certs.d/HOST:PORT`: `ca.crt`, and on request files of a
    /// client. The directory is created if need be.
    #[track_caller]
    pub fn write_cert_dir(&self, path: impl AsRef<Path>, client: ClientFiles) {
        let path = path.as_ref();
        must(path, fs::create_dir_all(path));
        write(&path.join("ca.crt"), self.pem().as_bytes());
        let (cert, key) = self.client_pair();
        if matches!(client, ClientFiles::Pair | ClientFiles::CertAlone) {
            write(&path.join("client.cert"), cert.as_bytes());
        }
        if matches!(client, ClientFiles::Pair | ClientFiles::KeyAlone) {
            write(&path.join("client.key"), key.as_bytes());
        }
    }

    fn sign(&self, params: &CertificateParams) -> Pair {
        let key = new_key();
        let cert = params.signed_by(&key, &self.issuer).expect("the authority's key can sign");
        Pair { cert_pem: cert.pem(), cert: cert.der().clone(), key }
    }

    fn client_verifier(&self) -> Arc<dyn ClientCertVerifier> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("an authority's certificate is a trust anchor");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        verifier.build().expect("there is a trust anchor")
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// The server's half of TLS: certificate, key, and whether clients must show a certificate.
///
/// A clone shares all of it.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    fn new(pair: Pair, clients: Arc<dyn ClientCertVerifier>) -> Self {
        let key = PrivateKeyDer::try_from(pair.key.serialize_der()).expect("keys are made as PKCS #8");
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has suites for the default versions")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![pair.cert], key)
            .expect("the key belongs to the certificate");
        // Clients that know HTTP/2 must see that the servers of this crate do not.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(Arc::new(config))
    }

    /// The same for a server made elsewhere, which offers `protocols` by ALPN, best first.
    pub fn offering(&self, protocols: &[&str]) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.0);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    /// Does the handshake on a connection that a client has just opened.
    ///
    /// Blocks until the client has agreed or refused; the read time-out of `stream` applies to each wait.
    /// The connection is closed without TLS's own farewell when the result is dropped.
    pub fn accept(&self, mut stream: TcpStream) -> io::Result<Box<dyn Stream>> {
        let mut connection = ServerConnection::new(Arc::clone(&self.0)).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut stream) {
                let_the_alert_arrive(&mut stream);
                return Err(error);
            }
        }
        Ok(Box::new(StreamOwned::new(connection, stream)))
    }
}

/// Reads away what the client still sends, until it leaves: a socket closed with unread bytes is reset, and
/// the client would see that in place of the alert that tells the reason.
fn let_the_alert_arrive(stream: &mut TcpStream) {
    // None of this can change the outcome; a client that is gone already makes each call fail.
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = io::copy(&mut stream.take(MOST_READ_AWAY), &mut io::sink());
}

/// A connection, encrypted or not.
pub trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// A certificate signed by an authority, with its key.
struct Pair {
    cert: CertificateDer<'static>,
    cert_pem: String,
    key: KeyPair,
}

#[track_caller]
fn for_server(names: &[&str]) -> CertificateParams {
    let owned: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let names = CertificateParams::new(owned)
        .unwrap_or_else(|error| panic!("{names:?} cannot be names in a certificate: {error}"));
    let mut params = leaf("test server", ExtendedKeyUsagePurpose::ServerAuth);
    params.subject_alt_names = names.subject_alt_names;
    params
}

fn for_client() -> CertificateParams {
    leaf("test client", ExtendedKeyUsagePurpose::ClientAuth)
}

fn leaf(common_name: &str, purpose: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = named(common_name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    params
}

fn named(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system has randomness for a key")
}

fn signed_by_itself(params: CertificateParams, key: KeyPair) -> CertifiedIssuer<'static, KeyPair> {
    CertifiedIssuer::self_signed(params, key).expect("a new key can sign for itself")
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use rustls::pki_types::pem::PemObject;
    use rustls::{CertificateError, ClientConfig, ClientConnection, Error, pki_types::ServerName};

    use super::*;
    use crate::network::wire::{Request, Response};
    use crate::network::{framing, server};

    const NAMES: [&str; 2] = ["registry.test", "127.0.0.1"];

    #[test]
    fn who_trusts_the_authority_talks_to_its_servers_by_name_and_by_address() {
        let authority = Authority::new();
        for name in NAMES {
            assert_eq!(call(&authority.server(&NAMES), name, client(&authority, None)), Ok(()));
        }
    }

    #[test]
    fn servers_that_should_not_be_trusted_are_not() {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let cases = [
            (stranger.server(&NAMES), CertificateError::UnknownIssuer),
            (authority.server(&["other.test"]), CertificateError::NotValidForName),
            (authority.expired_server(&NAMES), CertificateError::Expired),
        ];
        for (server, expected) in cases {
            let refused = call(&server, "registry.test", client(&authority, None)).unwrap_err();
            let Error::InvalidCertificate(reason) = refused else { panic!("{expected:?}: {refused:?}") };
            assert!(same_kind(&reason, &expected), "{reason:?} is not {expected:?}");
        }
    }

    #[test]
    fn server_requiring_clients_admits_only_those_of_its_authority() {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let server = authority.server_requiring_clients(&NAMES);
        let with = |pair| call(&server, "registry.test", client(&authority, pair));
        assert_eq!(with(Some(authority.client_pair())), Ok(()));
        assert!(matches!(with(None), Err(Error::AlertReceived(_))));
        assert!(matches!(with(Some(stranger.client_pair())), Err(Error::AlertReceived(_))));
    }

    #[test]
    fn servers_of_this_crate_speak_http_inside() {
        let authority = Authority::new();
        let answer = Arc::new(|request: &Request| Response::new(200, request.target.clone()));
        let running = server::start("127.0.0.1:0", Some(authority.server(&NAMES)), answer);
        let mut stream = connect(running.address(), "registry.test", client(&authority, None));
        stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: registry.test\r\n\r\n").unwrap();
        let response = framing::read_response(&mut BufReader::new(stream), "GET").unwrap();
        assert_eq!((response.status, response.body), (200, b"/v2/".to_vec()));
    }

    #[test]
    fn cert_dir_holds_what_was_asked_for_and_it_works() {
        let authority = Authority::new();
        let dir = tempfile::tempdir().unwrap();
        let cases: [(ClientFiles, &[&str]); 4] = [
            (ClientFiles::Absent, &["ca.crt"]),
            (ClientFiles::Pair, &["ca.crt", "client.cert", "client.key"]),
            (ClientFiles::CertAlone, &["ca.crt", "client.cert"]),
            (ClientFiles::KeyAlone, &["ca.crt", "client.key"]),
        ];
        for (files, expected) in cases {
            let path = dir.path().join(format!("{files:?}"));
            authority.write_cert_dir(&path, files);
            let found: Vec<_> = crate::tree(&path).into_keys().collect();
            assert_eq!(found, expected.iter().map(Path::new).collect::<Vec<_>>());
        }
        let read = |name: &str| fs::read_to_string(dir.path().join("Pair").join(name)).unwrap();
        assert_eq!(read("ca.crt"), authority.pem());
        let server = authority.server_requiring_clients(&NAMES);
        let client = client(&authority, Some((read("client.cert"), read("client.key"))));
        assert_eq!(call(&server, "127.0.0.1", client), Ok(()));
    }

    /// Opens a connection to `server` under `name`, says a word and reads it back; only what TLS complains
    /// of is an answer, everything else panics.
    fn call(server: &ServerTls, name: &str, config: ClientConfig) -> Result<(), Error> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = server.clone();
        let echo = thread::spawn(move || {
            let mut stream = server.accept(listener.accept()?.0)?;
            let mut word = [0; 4];
            stream.read_exact(&mut word)?;
            stream.write_all(&word)
        });
        let mut stream = connect(address, name, config);
        let mut word = [0; 4];
        let outcome = stream.write_all(b"word").and_then(|()| stream.read_exact(&mut word));
        drop(stream);
        let echoed = echo.join().unwrap();
        assert_eq!(outcome.is_ok(), echoed.is_ok(), "{outcome:?}, but the server: {echoed:?}");
        outcome.map_err(|error| *error.into_inner().unwrap().downcast().unwrap())
    }

    fn connect(
        address: SocketAddr,
        name: &str,
        config: ClientConfig,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        StreamOwned::new(connection, TcpStream::connect(address).unwrap())
    }

    fn client(trusted: &Authority, pair: Option<(String, String)>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusted.pem().as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider());
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let Some((cert, key)) = pair else { return builder.with_no_client_auth() };
        let cert = CertificateDer::from_pem_slice(cert.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        builder.with_client_auth_cert(vec![cert], key).unwrap()
    }

    /// Whether both are the same failure: some variants have a second one that carries the facts.
    fn same_kind(found: &CertificateError, expected: &CertificateError) -> bool {
        match expected {
            CertificateError::NotValidForName => {
                matches!(found, CertificateError::NotValidForNameContext { .. })
            }
            CertificateError::Expired => matches!(found, CertificateError::ExpiredContext { .. }),
            _ => found == expected,
        }
    }
}
