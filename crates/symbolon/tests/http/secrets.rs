//! Nothing in the database or in a response lets anyone sign or renew a token.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_core::{
    Algorithm, Claims, KeyId, NumericDate, RegisteredClaims, Signer, SigningKey, TokenType,
};
use store::service_keys::Scope;

use crate::support::forge;
use crate::support::service::Place;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_database_holds_nothing_that_works
}

/// All that is in the tables, as text; bytes in hexadecimal and in base64. With an HMAC, whoever has the key
/// can sign.
fn the_database_holds_nothing_that_works(service: &Service) {
    service.execute("DELETE FROM keys");
    let service = &service.restart(&["--signing-alg=HS512"]);
    let ann = service.signed_in("ann");
    let access = ann.post("/api/refresh_access").send().token();
    let refresh = ann.cookie().unwrap();
    let key = service.service_key("back-end", &[Scope::TokensIssue]);
    let password = Service::credentials("ann")["password"]
        .as_str()
        .unwrap()
        .to_owned();

    let dump = service.dump();

    assert!(
        dump.contains("ann@") && dump.contains("HS512"),
        "it is a dump: {dump}"
    );
    for token in [&access, &refresh] {
        let signature = token.rsplit('.').next().unwrap();
        assert!(!dump.contains(signature), "a token");
    }
    assert!(
        !dump.contains(&key) && !dump.contains(&key["symbolon_sk_".len()..]),
        "a service key"
    );
    assert!(!dump.contains(&password), "a password");

    // Whatever has the length of a secret there, taken as the key.
    let header = token_header(&access);
    let kid = KeyId::new(header["kid"].as_str().unwrap()).unwrap();
    let claims = forge::claims(&access);
    let mut tried = 0;
    for candidate in candidates(&dump) {
        let Ok(signing) = SigningKey::from_secret(
            jwt_core::HmacAlgorithm::HS512,
            &candidate,
            Some(kid.clone()),
        ) else {
            continue;
        };
        tried += 1;
        let text = |name: &str| claims[name].as_str().map(str::to_owned);
        let forged = Claims {
            registered: RegisteredClaims {
                iss: text("iss"),
                sub: Some("somebody-else".to_owned()),
                aud: text("aud").map(|aud| aud.as_str().into()),
                exp: NumericDate::from_secs(claims["exp"].as_u64().unwrap()),
                iat: NumericDate::from_secs(claims["iat"].as_u64().unwrap()),
                ..RegisteredClaims::default()
            },
            own: serde_json::json!({ "sid": claims["sid"] }),
        };
        let forged = Signer::new(TokenType::ACCESS_TOKEN, signing)
            .sign(&forged)
            .unwrap();
        let answer = service.client().get("/api/verify").bearer(&forged).send();
        assert_eq!(answer.problem(), (401, "token_forged".into()));
    }
    assert!(tried > 1, "nothing was long enough to be tried");
    assert_eq!(header["alg"], Algorithm::HS512.name());
}

fn token_header(token: &str) -> serde_json::Value {
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    serde_json::from_slice(&header).unwrap()
}

/// Each word of the dump as it is, and as bytes where it is hexadecimal or base64.
fn candidates(dump: &str) -> Vec<Vec<u8>> {
    let words = dump.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=_-".contains(c)));
    let words = words.filter(|word| word.len() >= 64);
    words
        .flat_map(|word| {
            // PostgreSQL writes an x before it.
            let digits = word.trim_start_matches('x');
            let hex: Option<Vec<u8>> = (0..digits.len() / 2)
                .map(|n| u8::from_str_radix(digits.get(2 * n..2 * n + 2)?, 16).ok())
                .collect();
            let base64 = STANDARD
                .decode(word)
                .or_else(|_| URL_SAFE_NO_PAD.decode(word))
                .ok();
            [Some(word.as_bytes().to_vec()), hex, base64]
                .into_iter()
                .flatten()
        })
        // Also without what wraps a key: the nonce before it, the tag after it.
        .flat_map(|bytes| {
            let inner = bytes
                .get(12..bytes.len().saturating_sub(16))
                .map(<[u8]>::to_vec);
            [Some(bytes), inner].into_iter().flatten()
        })
        .collect()
}

#[test]
fn no_page_and_no_document_has_a_key() {
    let service = Service::start(&Place::sqlite(), &["--signing-alg=EdDSA"]);
    for path in [
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/docs.json",
        "/",
    ] {
        let body = String::from_utf8(service.client().get(path).send().body).unwrap();
        for private in ["\"d\":", "\"k\":", "PRIVATE KEY"] {
            assert!(!body.contains(private), "{private} at {path}");
        }
    }
    let jwks = service.client().get("/.well-known/jwks.json").send();
    assert_eq!(
        jwks.header("content-type"),
        Some("application/jwk-set+json")
    );
    assert_eq!(jwks.header("cache-control"), Some("public, max-age=3600"));
    let keys = jwks.json()["keys"].as_array().unwrap().len();
    assert_eq!(keys, 1);
}
