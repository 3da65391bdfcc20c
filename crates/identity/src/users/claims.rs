use serde_json::Value;
use store::users::EMAIL_VERIFIED;
use thiserror::Error;

use crate::strict_json::{Flaw, StrictValue};
use crate::tokens::is_reserved_claim;

/// Maximum length of custom claims as JSON, in bytes: a token has to fit into a header.
const MAX_LEN: usize = 2048;

/// Maximum nesting depth, well within what verifiers of tokens accept.
const MAX_DEPTH: usize = 8;

/// The custom claims of a user in access tokens (roles, tenant, …): a JSON object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomClaims(String);

/// Why custom claims are invalid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidCustomClaims {
    /// They are not a JSON object.
    #[error("must be a JSON object")]
    NotAnObject,
    /// They contain what parsers disagree about.
    #[error(transparent)]
    Flawed(#[from] Flaw),
    /// They are too long.
    #[error("must have at most {MAX_LEN} bytes")]
    TooLong,
    /// They are nested too deeply.
    #[error("must be nested at most {MAX_DEPTH} levels deep")]
    TooDeep,
    /// One of them is a claim that the service sets.
    #[error("must not contain `{0}`, which the service sets")]
    Reserved(String),
}

impl CustomClaims {
    /// Reads custom claims.
    ///
    /// # Errors
    ///
    /// [`InvalidCustomClaims`].
    pub fn parse(json: &str) -> Result<Self, InvalidCustomClaims> {
        let claims: StrictValue =
            serde_json::from_str(json).map_err(|_| InvalidCustomClaims::NotAnObject)?;
        if let Some(flaw) = claims.flaw {
            return Err(flaw.into());
        }
        let Value::Object(claims) = claims.value else {
            return Err(InvalidCustomClaims::NotAnObject);
        };
        let is_ours = |name: &&String| is_reserved_claim(name) || *name == EMAIL_VERIFIED;
        if let Some(name) = claims.keys().find(is_ours) {
            return Err(InvalidCustomClaims::Reserved(name.clone()));
        }
        let claims = Value::Object(claims);
        if depth(&claims) > MAX_DEPTH {
            return Err(InvalidCustomClaims::TooDeep);
        }
        let json = claims.to_string();
        if json.len() > MAX_LEN {
            return Err(InvalidCustomClaims::TooLong);
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

impl Default for CustomClaims {
    fn default() -> Self {
        Self("{}".to_owned())
    }
}

impl From<CustomClaims> for String {
    fn from(claims: CustomClaims) -> String {
        claims.0
    }
}

#[cfg(test)]
mod tests {
    use super::{CustomClaims, Flaw, InvalidCustomClaims};

    #[test]
    fn claims_that_parsers_disagree_about_are_refused() {
        let parse = |json| CustomClaims::parse(json).unwrap_err();
        let repeated = InvalidCustomClaims::Flawed(Flaw::Repeated);
        assert_eq!(parse(r#"{"role":"a","role":"b"}"#), repeated);
        assert_eq!(parse(r#"{"x":{"role":"a","role":"b"}}"#), repeated);
        let rounded = InvalidCustomClaims::Flawed(Flaw::Rounded);
        assert_eq!(parse(r#"{"id":18446744073709551616}"#), rounded);
    }

    #[test]
    fn custom_claims_are_an_object_without_claims_of_the_service() {
        assert!(CustomClaims::parse(r#"{"role":"editor","tenant":{"id":7}}"#).is_ok());
        for json in ["", "[]", "1", "{", r#""x""#] {
            assert_eq!(
                CustomClaims::parse(json),
                Err(InvalidCustomClaims::NotAnObject),
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
            let reserved = Err(InvalidCustomClaims::Reserved(name.into()));
            assert_eq!(CustomClaims::parse(&format!(r#"{{"{name}":1}}"#)), reserved);
        }
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(8), "]".repeat(8));
        assert_eq!(
            CustomClaims::parse(&deep),
            Err(InvalidCustomClaims::TooDeep)
        );
        let long = format!(r#"{{"x":"{}"}}"#, "y".repeat(2048));
        assert_eq!(
            CustomClaims::parse(&long),
            Err(InvalidCustomClaims::TooLong)
        );
    }
}
