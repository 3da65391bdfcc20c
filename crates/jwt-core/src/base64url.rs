//! Base64url without padding (RFC 7515 §2). Only the canonical encoding is accepted: no
//! padding, no white space, no non-zero trailing bits.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeSliceError, Engine};

use crate::error::Malformed;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Malformed::Base64url)
}

/// Decodes into a buffer. Returns [`Malformed::TooLong`] if the buffer is too small.
pub(crate) fn decode_into<'a>(text: &str, buffer: &'a mut [u8]) -> Result<&'a [u8], Malformed> {
    match URL_SAFE_NO_PAD.decode_slice(text, buffer) {
        Ok(length) => buffer.get(..length).ok_or(Malformed::TooLong),
        Err(DecodeSliceError::OutputSliceTooSmall) => Err(Malformed::TooLong),
        Err(DecodeSliceError::DecodeError(_)) => Err(Malformed::Base64url),
    }
}
