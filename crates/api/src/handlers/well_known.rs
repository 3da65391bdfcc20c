//! Resources at well-known paths (RFC 8615).

pub(crate) mod jwks;
pub(crate) mod metadata;
pub(crate) mod revoked_sessions;
