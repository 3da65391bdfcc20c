//! `cargo bench -p jwt-core` compares signing and verifying with the bare operations and with
//! jsonwebtoken, in one run. For HMAC, the bare operations are ring, base64 and serde_json on the
//! same bytes; for other algorithms, they are ring alone. The contenders take turns in short
//! rounds, so that changes in the machine's speed affect all of them; the ratios are medians over
//! the rounds.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_core::{
    Algorithm, Claims, HmacAlgorithm, KeyId, KeyRing, NumericDate, RegisteredClaims, Signer,
    SigningKey, TokenType, Verifier,
};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 101;
const SECRET: [u8; 32] = [7; 32];
const ISSUER: &str = "https://id.example.org";
const JSONWEBTOKEN: &str = "jsonwebtoken";

/// Custom claims.
#[derive(Clone, Serialize, Deserialize)]
struct Own {
    sid: String,
}

/// All claims in one struct, as jsonwebtoken and serde_json expect them.
#[derive(Clone, Serialize, Deserialize)]
struct Flat {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    iat: u64,
    jti: String,
    sid: String,
}

/// Reads the clock. jsonwebtoken does so for each token, so this crate's contender does too.
fn now() -> NumericDate {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    NumericDate::from_secs(since_1970.as_secs()).unwrap()
}

fn flat() -> Flat {
    Flat {
        iss: ISSUER.into(),
        sub: "0192f0c1-2d3e-7a4b".into(),
        aud: ISSUER.into(),
        exp: now().as_secs() + 3600,
        iat: now().as_secs(),
        jti: "MDEyMzQ1Njc4".into(),
        sid: "s-17".into(),
    }
}

fn claims() -> Claims<Own> {
    let flat = flat();
    Claims {
        registered: RegisteredClaims {
            iss: Some(flat.iss),
            sub: Some(flat.sub),
            aud: Some(flat.aud.as_str().into()),
            exp: NumericDate::from_secs(flat.exp),
            iat: NumericDate::from_secs(flat.iat),
            jti: Some(flat.jti),
            nbf: None,
        },
        own: Own { sid: flat.sid },
    }
}

struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut() + 'a>,
}

fn contender<'a, T>(name: &'static str, mut run: impl FnMut() -> T + 'a) -> Contender<'a> {
    Contender {
        name,
        run: Box::new(move || {
            black_box(run());
        }),
    }
}

/// Prints the median time of each contender, its ratio to the first one and, if jsonwebtoken takes
/// part, the ratio of jsonwebtoken to it.
fn compare(title: &str, iterations: u32, mut contenders: Vec<Contender<'_>>) {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for round in 0..=ROUNDS {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let start = Instant::now();
            (0..iterations).for_each(|_| (contender.run)());
            let nanos = start.elapsed().as_secs_f64() * 1e9 / f64::from(iterations);
            // The first round warms up.
            if round > 0 {
                times.push(nanos);
            }
        }
    }
    let ratio = |a: &[f64], b: &[f64]| median(a.iter().zip(b).map(|(a, b)| a / b).collect());
    let bare = &times[0];
    let other = contenders.iter().position(|c| c.name == JSONWEBTOKEN);
    let other = other.map(|n| &times[n]);
    let (head, rule) = match other {
        Some(_) => (" jsonwebtoken ÷ row |", " ---: |"),
        None => ("", ""),
    };
    println!("\n| {title} | ns | row ÷ {} |{head}", contenders[0].name);
    println!("| --- | ---: | ---: |{rule}");
    for (contender, times) in contenders.iter().zip(&times) {
        let nanos = median(times.clone());
        print!(
            "| {} | {nanos:.0} | {:.2} |",
            contender.name,
            ratio(times, bare)
        );
        match other {
            Some(other) => println!(" {:.2} |", ratio(other, times)),
            None => println!(),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    hs256();
    asymmetric(Algorithm::EdDSA);
    asymmetric(Algorithm::ES256);
}

fn hs256() {
    let id = KeyId::new("Q2w8kZtX0bE1nV9s").unwrap();
    let key = SigningKey::from_secret(HmacAlgorithm::HS256, &SECRET, Some(id)).unwrap();
    let keys = KeyRing::new([key.verifying_key()]).unwrap();
    let signer = Signer::new(TokenType::ACCESS_TOKEN, key);
    let verifier = Verifier::new(TokenType::ACCESS_TOKEN, ISSUER, Some(ISSUER), keys);
    let (claims, flat) = (claims(), flat());
    let token = signer.sign(&claims).unwrap();
    println!("A token of {} bytes.", token.len());

    let bare = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &SECRET);
    let (input, tag) = token.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();

    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.set_audience(&[ISSUER]);
    validation.set_issuer(&[ISSUER]);
    let decoding = jsonwebtoken::DecodingKey::from_secret(&SECRET);
    let encoding = jsonwebtoken::EncodingKey::from_secret(&SECRET);
    let mut jwt_header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    jwt_header.typ = Some("at+jwt".into());
    jwt_header.kid = Some("Q2w8kZtX0bE1nV9s".into());

    compare(
        "HS256, verify into typed claims",
        2000,
        vec![
            contender("bare", || {
                let mut bytes = [0; 72];
                let length = URL_SAFE_NO_PAD
                    .decode_slice(black_box(tag), &mut bytes)
                    .unwrap();
                ring::hmac::verify(&bare, black_box(input).as_bytes(), &bytes[..length]).unwrap();
                let mut json = [0; 1024];
                let length = URL_SAFE_NO_PAD.decode_slice(payload, &mut json).unwrap();
                serde_json::from_slice::<Flat>(&json[..length]).unwrap()
            }),
            contender(JSONWEBTOKEN, || {
                jsonwebtoken::decode::<Flat>(black_box(&token), &decoding, &validation).unwrap()
            }),
            contender("jwt-core", || {
                verifier.verify::<Own>(black_box(&token), now()).unwrap()
            }),
        ],
    );
    compare(
        "HS256, sign",
        2000,
        vec![
            contender("bare", || {
                let json = serde_json::to_vec(black_box(&flat)).unwrap();
                let mut token = String::with_capacity(400);
                token.push_str(header);
                token.push('.');
                URL_SAFE_NO_PAD.encode_string(json, &mut token);
                let tag = ring::hmac::sign(&bare, token.as_bytes());
                token.push('.');
                URL_SAFE_NO_PAD.encode_string(tag, &mut token);
                token
            }),
            contender(JSONWEBTOKEN, || {
                jsonwebtoken::encode(&jwt_header, black_box(&flat), &encoding).unwrap()
            }),
            contender("jwt-core", || signer.sign(black_box(&claims)).unwrap()),
        ],
    );
}

fn asymmetric(algorithm: Algorithm) {
    let random = SystemRandom::new();
    let id = KeyId::new("Q2w8kZtX0bE1nV9s").unwrap();
    let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let ed25519_pair = Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).unwrap();
    let fixed = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let p256 = EcdsaKeyPair::generate_pkcs8(fixed, &random).unwrap();
    let p256_pair = EcdsaKeyPair::from_pkcs8(fixed, p256.as_ref(), &random).unwrap();

    let is_ed25519 = algorithm == Algorithm::EdDSA;
    let pkcs8 = if is_ed25519 {
        ed25519.as_ref()
    } else {
        p256.as_ref()
    };
    let key = SigningKey::from_pkcs8_der(pkcs8, algorithm)
        .unwrap()
        .with_id(Some(id));
    let keys = KeyRing::new([key.verifying_key()]).unwrap();
    let signer = Signer::new(TokenType::ACCESS_TOKEN, key);
    let verifier = Verifier::new(TokenType::ACCESS_TOKEN, ISSUER, Some(ISSUER), keys);
    let claims = claims();
    let token = signer.sign(&claims).unwrap();
    let (input, encoded) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(encoded).unwrap();
    let input = input.as_bytes();

    compare(
        &format!("{algorithm}, sign"),
        20,
        vec![
            contender("ring", || {
                if is_ed25519 {
                    ed25519_pair.sign(black_box(input)).as_ref().to_vec()
                } else {
                    p256_pair
                        .sign(&random, black_box(input))
                        .unwrap()
                        .as_ref()
                        .to_vec()
                }
            }),
            contender("jwt-core", || signer.sign(black_box(&claims)).unwrap()),
        ],
    );
    compare(
        &format!("{algorithm}, verify into typed claims"),
        20,
        vec![
            contender("ring", || {
                if is_ed25519 {
                    UnparsedPublicKey::new(&signature::ED25519, ed25519_pair.public_key())
                        .verify(black_box(input), &signature)
                } else {
                    UnparsedPublicKey::new(
                        &signature::ECDSA_P256_SHA256_FIXED,
                        p256_pair.public_key(),
                    )
                    .verify(black_box(input), &signature)
                }
            }),
            contender("jwt-core", || {
                verifier.verify::<Own>(black_box(&token), now()).unwrap()
            }),
        ],
    );
}
