//! PEM (RFC 7468): a single block, surrounded by nothing but white space.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::KeyError;

/// The bytes between `-----BEGIN label-----` and `-----END label-----`.
pub(crate) fn decode(pem: &str, label: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let malformed = || {
        KeyError::Malformed(match label {
            "PRIVATE KEY" => {
                "it is not a single `PRIVATE KEY` PEM block; convert other private keys with \
             `openssl pkcs8 -topk8 -nocrypt`"
            }
            _ => {
                "it is not a single `PUBLIC KEY` PEM block; extract one from a private key with \
             `openssl pkey -pubout`, or from a certificate with `openssl x509 -pubkey`"
            }
        })
    };
    let body = pem
        .trim()
        .strip_prefix(&format!("-----BEGIN {label}-----"))
        .and_then(|rest| rest.strip_suffix(&format!("-----END {label}-----")))
        .ok_or_else(malformed)?;
    // Reserve the full capacity: a string that grows leaves copies of the secret in memory.
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.split_ascii_whitespace());
    let der = STANDARD.decode(base64.as_bytes());
    der.map(Zeroizing::new).map_err(|_| malformed())
}
