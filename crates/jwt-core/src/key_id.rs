use std::fmt;

use crate::error::KeyError;

/// The id of a key: the `kid` header parameter of tokens (RFC 7515 §4.1.4).
///
/// ```
/// use jwt_core::{KeyError, KeyId};
///
/// assert_eq!(KeyId::new("2026-11")?.as_str(), "2026-11");
/// assert_eq!(KeyId::new(""), Err(KeyError::InvalidKeyId));
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Creates a key id. It is opaque, and is only ever compared with the ids in a key ring.
    ///
    /// # Errors
    ///
    /// [`KeyError::InvalidKeyId`] unless `text` has 1 to 128 characters and no control
    /// characters.
    pub fn new(text: impl Into<String>) -> Result<Self, KeyError> {
        let text = text.into();
        let length = text.chars().count();
        if length == 0 || length > 128 || text.chars().any(char::is_control) {
            return Err(KeyError::InvalidKeyId);
        }
        Ok(Self(text))
    }

    /// The value of `kid`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
