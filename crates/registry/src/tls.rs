//! Clients of the HTTP library, one for each way of recognising servers.

use std::io;
use std::sync::{Arc, OnceLock};

use reqwest::{Client, NoProxy, Proxy};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use crate::NetworkOptions;

/// How the server at the other end is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trust {
    /// Not at all: plain http.
    Plain,
    /// By a certificate that is checked; and it is the registry, so it may know who we are.
    Verified,
    /// By a certificate that is checked; it is somebody a registry sent us to.
    Elsewhere,
    /// By none, though there is TLS.
    Unverified,
}

/// The clients, each made when it is first needed: reading the certificates of the system takes longer
/// than most commands.
#[derive(Default)]
pub(crate) struct Clients {
    plain: OnceLock<Client>,
    verified: OnceLock<Client>,
    elsewhere: OnceLock<Client>,
    unverified: OnceLock<Client>,
}

impl Clients {
    /// The client for servers recognised by `trust`.
    pub(crate) fn get(&self, trust: Trust, options: &NetworkOptions) -> io::Result<&Client> {
        let slot = match trust {
            Trust::Plain => &self.plain,
            Trust::Verified => &self.verified,
            Trust::Elsewhere => &self.elsewhere,
            Trust::Unverified => &self.unverified,
        };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = build(trust, options)?;
        Ok(slot.get_or_init(|| client))
    }
}

fn build(trust: Trust, options: &NetworkOptions) -> io::Result<Client> {
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls(trust, options)?)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(options.timeouts.connect)
        .tcp_nodelay(true)
        .user_agent(&options.user_agent)
        // Bulk transfers must not wait for the window of a far registry.
        .http2_initial_stream_window_size(4 << 20)
        .http2_initial_connection_window_size(16 << 20)
        // A connection without life must be out of the way by the time its requests are tried again: they
        // share it, and would go to it once more.
        .http2_keep_alive_interval(options.timeouts.answer / 3)
        .http2_keep_alive_timeout(options.timeouts.answer / 3)
        .no_proxy();
    for proxy in proxies(options)? {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(io::Error::other)
}

fn proxies(options: &NetworkOptions) -> io::Result<Vec<Proxy>> {
    let except =
        format!("localhost,127.0.0.0/8,::1,{}", options.proxies.except.as_deref().unwrap_or_default());
    let exceptions = NoProxy::from_string(&except);
    let http = options.proxies.http.iter().map(|address| Proxy::http(address.as_str()));
    let https = options.proxies.https.iter().map(|address| Proxy::https(address.as_str()));
    let proxies = http.chain(https).map(|proxy| Ok(proxy?.no_proxy(exceptions.clone())));
    proxies.collect::<Result<_, reqwest::Error>>().map_err(|error| io::Error::other(error.without_url()))
}

fn tls(trust: Trust, options: &NetworkOptions) -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let builder = match trust {
        // Never used for a handshake.
        Trust::Plain => builder.with_root_certificates(RootCertStore::empty()),
        Trust::Verified | Trust::Elsewhere => {
            let authorities = authorities(options)?;
            let verifier = Verifier::new_with_extra_roots(authorities, provider).map_err(io::Error::other)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
        Trust::Unverified => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        }
    };
    let shown = options.tls.client.as_ref().filter(|_| matches!(trust, Trust::Verified | Trust::Unverified));
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = CertificateDer::pem_slice_iter(&pair.certificate).collect::<Result<Vec<_>, _>>();
            let key = PrivateKeyDer::from_pem_slice(&pair.key).map_err(io::Error::other)?;
            builder.with_client_auth_cert(chain.map_err(io::Error::other)?, key).map_err(io::Error::other)?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn authorities(options: &NetworkOptions) -> io::Result<Vec<CertificateDer<'static>>> {
    let all = options.tls.authorities.iter().flat_map(|pem| CertificateDer::pem_slice_iter(pem));
    all.collect::<Result<_, _>>().map_err(io::Error::other)
}

/// Takes anybody for the right server; what the user asked for.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl Anybody {
    fn algorithms(&self) -> &WebPkiSupportedAlgorithms {
        &self.0.signature_verification_algorithms
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, self.algorithms())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, self.algorithms())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms().supported_schemes()
    }
}
