//! `cargo bench -p jwt-core`: signing and verifying beside ring used directly and jsonwebtoken, in
//! one run. The contenders take turns in short rounds, so that a machine whose speed drifts slows
//! all of them; the ratios are medians over the rounds.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

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
const NOW: u64 = 1_800_000_000;

/// The application's claims, beside the registered ones.
#[derive(Clone, Serialize, Deserialize)]
struct Own {
    sid: String,
}

/// The same claims in one struct, as others take them.
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

fn flat() -> Flat {
    Flat {
        iss: ISSUER.into(),
        sub: "0192f0c1-2d3e-7a4b".into(),
        aud: ISSUER.into(),
        exp: NOW + 300,
        iat: NOW,
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

/// Prints the median of each contender, and of its ratio to each before it.
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
    println!("\n{title}\n");
    println!(
        "| | ns | {} |",
        contenders[..contenders.len() - 1]
            .iter()
            .map(|c| format!("× {}", c.name))
            .collect::<Vec<_>>()
            .join(" | ")
    );
    println!("| --- | ---: |{}", " ---: |".repeat(contenders.len() - 1));
    for (n, contender) in contenders.iter().enumerate() {
        let ratio = |other: usize| {
            let ratios = times[n].iter().zip(&times[other]).map(|(a, b)| a / b);
            format!("{:.2}", median(ratios.collect()))
        };
        let ratios: Vec<_> = (0..contenders.len() - 1)
            .map(|other| {
                if other == n {
                    String::new()
                } else {
                    ratio(other)
                }
            })
            .collect();
        println!(
            "| {} | {:.0} | {} |",
            contender.name,
            median(times[n].clone()),
            ratios.join(" | ")
        );
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
    let now = NumericDate::from_secs(NOW).unwrap();
    println!("A token of {} bytes.", token.len());

    let bare = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &SECRET);
    let (input, tag) = token.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();

    // As of today, not of `NOW`: jsonwebtoken reads the clock.
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.validate_exp = false;
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
            contender("ring, base64 and serde_json", || {
                let mut bytes = [0; 72];
                let length = URL_SAFE_NO_PAD
                    .decode_slice(black_box(tag), &mut bytes)
                    .unwrap();
                ring::hmac::verify(&bare, black_box(input).as_bytes(), &bytes[..length]).unwrap();
                let mut json = [0; 1024];
                let length = URL_SAFE_NO_PAD.decode_slice(payload, &mut json).unwrap();
                serde_json::from_slice::<Flat>(&json[..length]).unwrap()
            }),
            contender("jsonwebtoken", || {
                jsonwebtoken::decode::<Flat>(black_box(&token), &decoding, &validation).unwrap()
            }),
            contender("jwt-core", || {
                verifier.verify::<Own>(black_box(&token), now).unwrap()
            }),
        ],
    );
    compare(
        "HS256, sign",
        2000,
        vec![
            contender("ring, base64 and serde_json", || {
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
            contender("jsonwebtoken", || {
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
    let now = NumericDate::from_secs(NOW).unwrap();
    let (input, encoded) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(encoded).unwrap();
    let input = input.as_bytes();

    compare(
        &format!("{algorithm}, sign"),
        20,
        vec![
            contender("ring alone", || {
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
            contender("ring alone", || {
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
                verifier.verify::<Own>(black_box(&token), now).unwrap()
            }),
        ],
    );
}
