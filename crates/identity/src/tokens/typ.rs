//! The `typ` headers of our own kinds of tokens (RFC 8725 §3.11): a token of one kind is refused where
//! another is expected. Access and refresh tokens have theirs from jwt-core.

use jwt_core::TokenType;

/// Device tokens.
pub(super) const DEVICE: TokenType = TokenType::new("device+jwt");

/// Forwarded tokens.
pub(super) const FORWARDED: TokenType = TokenType::new("forwarded+jwt");

/// Codes that a browser carries to a site on another host.
pub(super) const SITE_CODE: TokenType = TokenType::new("site-code+jwt");

/// Cookies of such sites.
pub(super) const SITE: TokenType = TokenType::new("site+jwt");

/// Proofs of the revocation list.
pub(super) const REVOCATION_LIST: TokenType = TokenType::new("revoked-sessions+jwt");
