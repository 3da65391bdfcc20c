//! PEM (RFC 7468): one block, with nothing but white space around it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::KeyError;

/// The bytes between `-----BEGIN label-----` and `-----END label-----`.
pub(crate) fn decode(pem: &str, label: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let malformed = || {
        KeyError::Malformed(match label {
            "PRIVATE KEY" => {
                "it is not one PEM block `PRIVATE KEY`; `openssl pkcs8 -topk8 -nocrypt` makes one of \
             other kinds"
            }
            _ => {
                "it is not one PEM block `PUBLIC KEY`; `openssl pkey -pubout` makes one of a private \
             key, `openssl x509 -pubkey` of a certificate"
            }
        })
    };
    let body = pem
        .trim()
        .strip_prefix(&format!("-----BEGIN {label}-----"))
        .and_then(|rest| rest.strip_suffix(&format!("-----END {label}-----")))
        .ok_or_else(malformed)?;
    // With room for all: a string that grows leaves copies behind.
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.split_ascii_whitespace());
    let der = STANDARD.decode(base64.as_bytes());
    der.map(Zeroizing::new).map_err(|_| malformed())
}
