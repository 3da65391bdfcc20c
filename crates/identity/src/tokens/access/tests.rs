use jwt_core::{Algorithm, SigningKey};
use store::sessions::{Device, Generation};

use super::*;
use crate::entropy::SystemEntropy;

const NOW: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);
const TTL: Duration = Duration::from_secs(300);

fn tokens(ring: Ring) -> AccessTokens {
    let rules = AccessRules {
        issuer: "https://id.example.org".to_owned(),
        audience: Audiences {
            own: "api".to_owned(),
            others: Vec::new(),
        },
        client_id: "browser".to_owned(),
        ttl: TTL,
    };
    AccessTokens::new(ring, rules)
}

fn ring(algorithm: Algorithm) -> Ring {
    let signing = SigningKey::generate(algorithm).unwrap();
    Ring {
        verifying: vec![signing.verifying_key()],
        signing,
    }
}

fn issue(tokens: &AccessTokens) -> String {
    let session = Session {
        id: SessionId::new(NOW, [7; 10]),
        user_id: UserId::parse("ann").unwrap(),
        generation: Generation::FIRST,
        created_at: NOW,
        rotated_at: None,
        idle_expires_at: NOW + 10 * TTL,
        expires_at: NOW + 10 * TTL,
        forgiven_at: None,
        revoked: None,
        auth_time: NOW,
        amr: Vec::new(),
        claims: "{}".to_owned(),
        client_id: None,
        device: Device::default(),
    };
    let token = tokens
        .issue(&session, NOW, &SystemEntropy::default())
        .unwrap();
    token.as_str().to_owned()
}

/// Every token that differs in one place.
fn mutations(token: &str) -> Vec<String> {
    let mut all = vec![
        format!("{token}."),
        format!("{token}A"),
        format!("{token} "),
    ];
    for n in 0..token.len() {
        let (before, after) = (&token[..n], &token[n + 1..]);
        all.push(before.to_owned());
        all.push(format!("{before}{after}"));
        all.extend(["A", "B", "-", ".", "="].map(|other| format!("{before}{other}{after}")));
    }
    all.retain(|other| other != token);
    all
}

#[test]
fn a_token_that_was_seen_makes_no_other_valid() {
    for algorithm in [Algorithm::HS512, Algorithm::ES256, Algorithm::EdDSA] {
        let ring = ring(algorithm);
        let (seen, fresh) = (tokens(ring.clone()), tokens(ring));
        let token = issue(&seen);
        seen.verify(&token, NOW).unwrap();
        for other in mutations(&token) {
            let verdict = seen.verify(&other, NOW);
            assert!(verdict.is_err(), "{other}");
            assert_eq!(verdict, fresh.verify(&other, NOW), "{other}");
        }
        // Nor did any of them displace it.
        let found = current(&seen.keys).seen.find(&token, numeric_date(NOW));
        assert!(found.is_some());
    }
}

#[test]
fn a_token_that_was_seen_is_valid_for_no_longer() {
    let ring = ring(Algorithm::HS256);
    let seen = tokens(ring.clone());
    let token = issue(&seen);
    seen.verify(&token, NOW).unwrap();
    for second in 0..320 {
        let now = NOW - Duration::from_secs(10) + Duration::from_secs(second);
        let fresh = tokens(ring.clone());
        assert_eq!(
            seen.verify(&token, now),
            fresh.verify(&token, now),
            "{second}"
        );
    }
}

#[test]
fn a_token_that_was_seen_is_invalid_without_its_key() {
    let seen = tokens(ring(Algorithm::ES256));
    let token = issue(&seen);
    seen.verify(&token, NOW).unwrap();
    seen.use_ring(ring(Algorithm::ES256));
    assert_eq!(seen.verify(&token, NOW), Err(Error::UnknownKey));
}

#[test]
fn every_claim_that_the_service_sets_is_reserved() {
    let claims = IssuedClaims {
        sid: String::new(),
        client_id: "",
        auth_time: numeric_date(UnixMillis::from_millis(0)),
        amr: &["pwd".to_owned()],
        custom: Map::new(),
    };
    let json = serde_json::to_value(claims).unwrap();
    let names: Vec<_> = json.as_object().unwrap().keys().collect();
    assert!(names.contains(&&"sid".to_owned()));
    for name in names {
        assert!(is_reserved_claim(name), "{name}");
    }
}
