//! PEM (RFC 7468): one block, with nothing but white space around it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::error::KeyError;

/// The bytes between `-----BEGIN label-----` and `-----END label-----`.
pub(crate) fn decode(pem: &str, label: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let malformed = || KeyError::Malformed("it is not one PEM block of the kind that is expected");
    let body = pem
        .trim()
        .strip_prefix(&format!("-----BEGIN {label}-----"))
        .and_then(|rest| rest.strip_suffix(&format!("-----END {label}-----")))
        .ok_or_else(malformed)?;
    let base64: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    let der = STANDARD.decode(base64.as_bytes());
    der.map(Zeroizing::new).map_err(|_| malformed())
}
