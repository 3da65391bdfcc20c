#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
// No input may cause a panic, so everything that could panic is denied.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod algorithm;
mod base64url;
mod claims;
mod der;
mod error;
mod header;
mod json;
mod jwk;
mod jwk_set;
mod jws;
mod key_id;
mod key_ring;
mod numeric_date;
mod pem;
mod private_key;
mod public_key;
mod random;
mod signer;
mod signing_key;
mod token_type;
mod verifier;
mod verifying_key;

pub use algorithm::{Algorithm, HmacAlgorithm, UnknownAlgorithm};
pub use claims::{Audience, Claims, NoClaims, REGISTERED_NAMES, RegisteredClaims};
pub use error::{ClaimsError, Error, KeyError, Malformed, SignError};
pub use jwk_set::{JwkSet, SkippedKey};
pub use jws::{Jws, MAX_TOKEN_LEN};
pub use key_id::KeyId;
pub use key_ring::KeyRing;
pub use numeric_date::NumericDate;
pub use signer::Signer;
pub use signing_key::SigningKey;
pub use token_type::TokenType;
pub use verifier::Verifier;
pub use verifying_key::VerifyingKey;
