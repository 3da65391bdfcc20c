//! Sign and verify JSON Web Tokens (RFC 7519) with ring.
//!
//! The crate knows no HTTP, no database, no clock and no environment: keys and the present
//! time are arguments. It aims to be hard to misuse:
//!
//! - A key fixes its algorithm. A token's `alg` is compared with the key's, never obeyed, and
//!   `none` does not exist (RFC 8725 §3.1).
//! - A token of one kind never passes as another: a [`Verifier`] accepts one [`TokenType`]
//!   (RFC 8725 §3.11).
//! - Nothing in a payload is believed, or even parsed, before its signature is verified.
//! - `exp`, `nbf`, `iat`, `iss` and `aud` are checked by default; a check is left out only
//!   through a method whose name begins with `dangerous_`.
//! - Base64url and JSON are strict: no padding, no stray bits, no duplicate members.
//! - No input makes it panic.
//!
//! ```
//! use jwt_core::{Claims, HmacAlgorithm, KeyId, KeyRing, NumericDate, RegisteredClaims};
//! use jwt_core::{SigningKey, TokenType, Verifier};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Own {
//!     role: String,
//! }
//!
//! let key = SigningKey::from_secret(
//!     HmacAlgorithm::HS256,
//!     b"a secret of at least 32 random bytes",
//!     Some(KeyId::new("2026-11").unwrap()),
//! )?;
//! let claims = Claims {
//!     registered: RegisteredClaims {
//!         iss: Some("https://id.example".into()),
//!         aud: Some("https://api.example".into()),
//!         exp: Some(NumericDate::from_secs(1_800_000_300).unwrap()),
//!         ..RegisteredClaims::default()
//!     },
//!     own: Own { role: "editor".into() },
//! };
//! let token = key.sign(&TokenType::ACCESS_TOKEN, &claims)?;
//!
//! let verifier = Verifier::new(
//!     TokenType::ACCESS_TOKEN,
//!     "https://id.example",
//!     Some("https://api.example"),
//!     KeyRing::new([key.verifying_key()])?,
//! );
//! let now = NumericDate::from_secs(1_800_000_000).unwrap();
//! let verified: Claims<Own> = verifier.verify(&token, now)?;
//! assert_eq!(verified.own.role, "editor");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod base64url;
mod claims;
mod error;
mod header;
mod json;
mod jws;
mod key;
mod key_id;
mod key_ring;
mod numeric_date;
mod token_type;
mod verifier;

pub use algorithm::{Algorithm, HmacAlgorithm};
pub use claims::{Audience, Claims, NoClaims, REGISTERED_NAMES, RegisteredClaims};
pub use error::{Error, KeyError, Malformed, SignError};
pub use jws::{Jws, MAX_TOKEN_LEN};
pub use key::{SigningKey, VerifyingKey};
pub use key_id::KeyId;
pub use key_ring::KeyRing;
pub use numeric_date::NumericDate;
pub use token_type::TokenType;
pub use verifier::Verifier;
