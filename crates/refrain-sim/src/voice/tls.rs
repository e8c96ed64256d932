//! The server's identity: a certificate authority of its own, made anew at each start, and one leaf for loopback.

use anyhow::Context;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{path::Path, sync::Arc};

/// Makes the authority, writes `ca.pem` to `ca_dir`, and returns what accepts connections in its name.
pub(super) fn acceptor(ca_dir: &Path) -> anyhow::Result<tokio_rustls::TlsAcceptor> {
    let mut ca = CertificateParams::new(Vec::new()).context("naming the simulator's CA")?;
    ca.distinguished_name.push(DnType::CommonName, "refrain-sim, this machine only");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_key = KeyPair::generate().context("making the key of the simulator's CA")?;
    let ca_pem = ca.self_signed(&ca_key).context("signing the simulator's CA")?.pem();
    let path = ca_dir.join("ca.pem");
    std::fs::create_dir_all(ca_dir).and_then(|()| std::fs::write(&path, ca_pem)).with_context(|| {
        format!("writing the simulator's CA to {}: choose a directory that can be written to", path.display())
    })?;

    let mut leaf = CertificateParams::new(vec![String::from("localhost"), String::from("127.0.0.1")])
        .context("naming the voice server's certificate")?;
    leaf.distinguished_name.push(DnType::CommonName, "localhost");
    leaf.use_authority_key_identifier_extension = true;
    let leaf_key = KeyPair::generate().context("making the voice server's key")?;
    let certificate = leaf
        .signed_by(&leaf_key, &Issuer::from_params(&ca, &ca_key))
        .context("signing the voice server's certificate")?;

    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("choosing TLS versions")?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .context("using the voice server's certificate")?;
    Ok(tokio_rustls::TlsAcceptor::from(Arc::new(config)))
}
