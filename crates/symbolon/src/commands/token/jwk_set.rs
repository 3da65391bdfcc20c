use std::fmt;
use std::fs::File;
use std::time::Duration;

use identity::text;
use jwt_core::{JwkSet, VerifyingKey};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use crate::commands::Failed;

/// The keys of a JWK set in a file or at a URL.
pub(super) fn read(place: &str) -> Result<Vec<VerifyingKey>, Failed> {
    let failed = |why: &dyn fmt::Display| Failed::Work(format!("{place}: {why}"));
    let is_url = place.starts_with("https://") || place.starts_with("http://");
    let text = match is_url {
        true => fetch(place).map_err(|why| failed(&why))?,
        false => File::open(place)
            .and_then(text::read)
            .map_err(|why| failed(&why))?,
    };
    let set = JwkSet::parse(&text).map_err(|why| failed(&why))?;
    Ok(set.keys)
}

fn fetch(url: &str) -> Result<String, ureq::Error> {
    // The certificates of the system, with the OpenSSL that is linked for PostgreSQL anyway.
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(RootCerts::PlatformVerifier);
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .tls_config(tls.build())
        .build()
        .new_agent();
    let mut answer = agent.get(url).call()?;
    answer
        .body_mut()
        .with_config()
        .limit(MOST_SET)
        .read_to_string()
}

/// Maximum size of a JWK set in bytes: a few hundred keys.
const MOST_SET: u64 = 1 << 20;
