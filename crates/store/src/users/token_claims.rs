use serde_json::{Map, Value};

use super::User;

/// The claim of users who have proven their address (OpenID Connect Core §5.1); others do not have it.
pub const EMAIL_VERIFIED: &str = "email_verified";

impl User {
    /// The custom claims in the user's access tokens, a JSON object: those that were set, and
    /// [`EMAIL_VERIFIED`].
    pub fn token_claims(&self) -> String {
        if self.email_verified_at.is_none() && !self.claims.contains(EMAIL_VERIFIED) {
            return self.claims.clone();
        }
        let mut claims: Map<String, Value> = serde_json::from_str(&self.claims).unwrap_or_default();
        match self.email_verified_at {
            Some(_) => claims.insert(EMAIL_VERIFIED.to_owned(), true.into()),
            // Of a time when anybody could set it.
            None => claims.remove(EMAIL_VERIFIED),
        };
        Value::Object(claims).to_string()
    }
}
