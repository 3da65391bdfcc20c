//! Published examples, typed in from the RFCs.

#![allow(clippy::unwrap_used)]

use jwt_core::{
    Algorithm, Error, HmacAlgorithm, KeyId, KeyRing, NoClaims, NumericDate, TokenType, Verifier,
    VerifyingKey,
};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

fn secret(base64url: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(base64url).unwrap()
}

/// RFC 7515 appendix A.1, the same token as RFC 7519 §3.1.
mod rfc7515_a1 {
    pub(super) const KEY: &str =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    pub(super) const TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
        .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
        .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
}

#[test]
fn rfc7515_a1_verifies_as_jws() {
    let key = VerifyingKey::from_secret(HmacAlgorithm::HS256, &secret(rfc7515_a1::KEY), None);
    let keys = KeyRing::new([key.unwrap()]).unwrap();

    let jws = keys.verify(rfc7515_a1::TOKEN).unwrap();

    assert_eq!(
        jws.payload,
        b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
    );
    assert_eq!(jws.typ.as_deref(), Some("JWT"));
    assert_eq!(jws.algorithm, Algorithm::Hmac(HmacAlgorithm::HS256));
}

#[test]
fn rfc7515_a1_is_a_jwt_until_it_expires() {
    let key = VerifyingKey::from_secret(HmacAlgorithm::HS256, &secret(rfc7515_a1::KEY), None);
    let keys = KeyRing::new([key.unwrap()]).unwrap();
    let verifier = Verifier::new(TokenType::new("JWT"), "joe", None, keys);
    let at = |secs| {
        verifier.verify::<NoClaims>(rfc7515_a1::TOKEN, NumericDate::from_secs(secs).unwrap())
    };

    assert_eq!(
        at(1_300_819_379).unwrap().registered.iss.as_deref(),
        Some("joe")
    );
    assert_eq!(at(1_300_819_380).unwrap_err(), Error::Expired);
}

/// RFC 7520 §4.4: HMAC-SHA2 integrity protection, with the key of §3.5.
#[test]
fn rfc7520_4_4_verifies() {
    let key = VerifyingKey::from_secret(
        HmacAlgorithm::HS256,
        &secret("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"),
        Some(KeyId::new("018c0ae5-4d9b-471b-bfd6-eef314bc7037").unwrap()),
    );
    let keys = KeyRing::new([key.unwrap()]).unwrap();
    let token = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9\
        .SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4\
        .s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";

    let jws = keys.verify(token).unwrap();

    assert_eq!(
        String::from_utf8(jws.payload).unwrap(),
        "It\u{2019}s a dangerous business, Frodo, going out your door. You step onto the road, \
         and if you don't keep your feet, there\u{2019}s no knowing where you might be swept off to."
    );
}
