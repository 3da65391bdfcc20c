use serde_json::{Map, Value};
use thiserror::Error;

use crate::tokens::is_reserved_claim;

/// The longest JSON text of a user's own claims: a token has to fit into a header.
const MAX_LEN: usize = 2048;

/// The deepest nesting, well within what a verifier of tokens accepts.
const MAX_DEPTH: usize = 8;

/// A user's own claims in access tokens (roles, tenant, …): a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnClaims(String);

/// The text will not do as own claims.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidOwnClaims {
    /// It is something else.
    #[error("they must be a JSON object")]
    NoObject,
    /// It is too long.
    #[error("they must have at most {MAX_LEN} bytes")]
    TooLong,
    /// It is nested too deeply.
    #[error("they must be nested at most {MAX_DEPTH} deep")]
    TooDeep,
    /// It has a claim that the service sets.
    #[error("`{0}` is set by the service")]
    Reserved(String),
}

impl OwnClaims {
    /// # Errors
    ///
    /// [`InvalidOwnClaims`].
    pub fn parse(json: &str) -> Result<Self, InvalidOwnClaims> {
        let claims: Map<String, Value> =
            serde_json::from_str(json).map_err(|_| InvalidOwnClaims::NoObject)?;
        if let Some(name) = claims.keys().find(|name| is_reserved_claim(name)) {
            return Err(InvalidOwnClaims::Reserved(name.clone()));
        }
        let claims = Value::Object(claims);
        if depth(&claims) > MAX_DEPTH {
            return Err(InvalidOwnClaims::TooDeep);
        }
        let json = claims.to_string();
        if json.len() > MAX_LEN {
            return Err(InvalidOwnClaims::TooLong);
        }
        Ok(Self(json))
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

impl Default for OwnClaims {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

impl From<OwnClaims> for String {
    fn from(claims: OwnClaims) -> String {
        claims.0
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidOwnClaims, OwnClaims};

    #[test]
    fn they_are_an_object_without_claims_of_the_service() {
        assert!(OwnClaims::parse(r#"{"role":"editor","tenant":{"id":7}}"#).is_ok());
        for json in ["", "[]", "1", "{", r#""x""#] {
            assert_eq!(
                OwnClaims::parse(json),
                Err(InvalidOwnClaims::NoObject),
                "{json}"
            );
        }
        for name in [
            "iss",
            "sub",
            "aud",
            "exp",
            "nbf",
            "iat",
            "jti",
            "sid",
            "auth_time",
            "amr",
        ] {
            let reserved = Err(InvalidOwnClaims::Reserved(name.into()));
            assert_eq!(OwnClaims::parse(&format!(r#"{{"{name}":1}}"#)), reserved);
        }
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(8), "]".repeat(8));
        assert_eq!(OwnClaims::parse(&deep), Err(InvalidOwnClaims::TooDeep));
        let long = format!(r#"{{"x":"{}"}}"#, "y".repeat(2048));
        assert_eq!(OwnClaims::parse(&long), Err(InvalidOwnClaims::TooLong));
    }
}
