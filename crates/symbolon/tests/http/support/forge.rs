//! Invalid tokens, made from valid ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The token with other claims and its old signature.
pub(crate) fn with_claims(token: &str, change: impl FnOnce(&mut Value)) -> String {
    with_part(token, 1, change)
}

/// The token with another header and its old signature.
pub(crate) fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    with_part(token, 0, change)
}

fn with_part(token: &str, part: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let mut json = decode(&parts[part]);
    change(&mut json);
    parts[part] = URL_SAFE_NO_PAD.encode(json.to_string());
    parts.join(".")
}

/// What a token says, unverified.
pub(crate) fn claims(token: &str) -> Value {
    decode(token.split('.').nth(1).unwrap())
}

/// How a token says that it was signed.
pub(crate) fn header(token: &str) -> Value {
    decode(token.split('.').next().unwrap())
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Each way in which a token can be bad, and the code that says so.
pub(crate) fn bad_tokens(good: &str) -> Vec<(String, &'static str)> {
    let signature = good.rfind('.').unwrap();
    vec![
        ("x".to_owned(), "token_malformed"),
        (good[..good.len() / 2].to_owned(), "token_malformed"),
        (format!("{good}."), "token_malformed"),
        (format!("{good}="), "token_malformed"),
        ("A".repeat(10_000), "token_malformed"),
        (good[..=signature].to_owned(), "token_forged"),
        (
            format!("{}{}", &good[..=signature], "A".repeat(86)),
            "token_forged",
        ),
        (
            with_claims(good, |c| c["exp"] = json!(9_000_000_000_u64)),
            "token_forged",
        ),
        (
            with_header(good, |h| h["alg"] = json!("none")),
            "token_forged",
        ),
        (
            with_header(good, |h| h["alg"] = json!("RS256")),
            "token_forged",
        ),
        (
            with_header(good, |h| h["kid"] = json!("other")),
            "token_foreign",
        ),
        (
            with_header(good, |h| h["typ"] = json!("JWT")),
            "token_wrong_type",
        ),
    ]
}
