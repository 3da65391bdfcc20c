//! Exchanges tokens and keys with PyJWT and the npm package jose: they verify tokens that this
//! crate signs, and this crate accepts their tokens and keys.
//!
//! To install them, run `pip install -r requirements.txt` and `npm install` in `interop/`. Set
//! `INTEROP_PYTHON` to use a Python other than `python3`. If a library is missing, its test prints
//! a line and is skipped; with `REQUIRE_INTEROP=1` it fails.

#![allow(clippy::disallowed_methods, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use jwt_core::{
    Algorithm, Audience, Claims, KeyError, KeyId, KeyRing, NumericDate, RegisteredClaims, Signer,
    SigningKey, TokenType, Verifier, VerifyingKey,
};
use serde_json::{Map, Value, json};

#[path = "support/pem.rs"]
mod pem;

const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "https://api.example";

/// Another library, in a process that answers each line with one line.
struct Peer {
    process: Child,
    requests: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts the process; `None` if the library is not installed.
    fn start(program: &str, script: &str) -> Option<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop");
        let started = Command::new(program)
            .arg(script)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let why = match started {
            Ok(mut process) => {
                let requests = process.stdin.take().unwrap();
                let mut answers = BufReader::new(process.stdout.take().unwrap()).lines();
                if let Some(Ok(hello)) = answers.next() {
                    assert!(hello.contains("peer"), "{hello}");
                    return Some(Self {
                        process,
                        requests,
                        answers,
                    });
                }
                let output = process.wait_with_output().unwrap();
                let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
                let error = stderr.lines().find(|line| line.contains("Error"));
                error.map_or(stderr.clone(), str::to_owned)
            }
            Err(why) => why.to_string(),
        };
        let why = format!("{program} {script} does not run: {why}");
        assert!(
            env::var("REQUIRE_INTEROP").as_deref() != Ok("1"),
            "REQUIRE_INTEROP=1, but {why}"
        );
        // `stderr` is not captured, so the line is visible even if the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED, {why}");
        None
    }

    fn ask(&mut self, request: &Value) -> Map<String, Value> {
        writeln!(self.requests, "{request}").unwrap();
        let Some(answer) = self.answers.next() else {
            let mut why = String::new();
            let stderr = self.process.stderr.as_mut().unwrap();
            stderr.read_to_string(&mut why).unwrap();
            panic!("{request} was not answered: {why}");
        };
        serde_json::from_str(&answer.unwrap()).unwrap()
    }

    fn verify(&mut self, algorithm: Algorithm, jwk: &Value, token: &str) -> Map<String, Value> {
        self.ask(&json!({
            "do": "verify",
            "alg": algorithm.name(),
            "jwk": jwk,
            "token": token,
            "issuer": ISSUER,
            "audience": AUDIENCE,
        }))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn now() -> NumericDate {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    NumericDate::from_secs(since_1970.as_secs()).unwrap()
}

type Own = BTreeMap<String, Value>;

fn claims() -> Claims<Own> {
    Claims {
        registered: RegisteredClaims {
            iss: Some(ISSUER.into()),
            sub: Some("Ærøskøbing 🔑".into()),
            aud: Some(Audience::Many(vec!["other".into(), AUDIENCE.into()])),
            exp: Some(now().saturating_add(600)),
            nbf: Some(now()),
            iat: Some(now()),
            jti: Some("\"\\\u{7}".into()),
        },
        own: BTreeMap::from([
            (
                "roles".into(),
                json!(["reader", { "of": null, "since": 1.5 }]),
            ),
            ("big".into(), json!(9_007_199_254_740_991_u64)),
        ]),
    }
}

fn our_key(algorithm: Algorithm) -> SigningKey {
    let key = match SigningKey::generate(algorithm) {
        Err(KeyError::NotGenerated(_)) => SigningKey::from_pkcs8_pem(pem::RSA_PRIVATE, algorithm),
        made => made,
    };
    key.unwrap().with_id(Some(KeyId::new("ours").unwrap()))
}

/// The JWK with which the peer verifies tokens of `key`.
fn to_verify_with(key: &SigningKey) -> Value {
    let public = key.verifying_key().public_jwk();
    let jwk = public.unwrap_or_else(|| key.dangerous_private_jwk().to_string());
    serde_json::from_str(&jwk).unwrap()
}

/// Verifies a token that the peer signed.
fn verify(key: VerifyingKey, token: &str) -> Claims<Own> {
    let keys = KeyRing::new([key]).unwrap();
    let verifier = Verifier::new(TokenType::ACCESS_TOKEN, ISSUER, Some(AUDIENCE), keys);
    verifier.verify(token, now()).unwrap()
}

fn each_way(mut peer: Peer) {
    for algorithm in Algorithm::ALL.iter().copied() {
        they_verify_ours(&mut peer, algorithm);
        we_verify_theirs(&mut peer, algorithm);
    }
}

fn they_verify_ours(peer: &mut Peer, algorithm: Algorithm) {
    let key = our_key(algorithm);
    let jwk = to_verify_with(&key);
    let signer = Signer::new(TokenType::ACCESS_TOKEN, key);
    let claims = claims();
    let token = signer.sign(&claims).unwrap();
    let answer = peer.verify(algorithm, &jwk, &token);
    assert_eq!(
        answer.get("claims"),
        Some(&serde_json::to_value(&claims).unwrap()),
        "{algorithm}: {answer:?}"
    );
    let header = json!({ "alg": algorithm.name(), "typ": "at+jwt", "kid": "ours" });
    assert_eq!(answer["header"], header);

    // The peer checks the signature.
    let mut other = claims.clone();
    other.registered.sub = Some("somebody else".into());
    let other = signer.sign(&other).unwrap();
    let (input, _) = token.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    let answer = peer.verify(algorithm, &jwk, &format!("{input}.{signature}"));
    assert!(answer.contains_key("refused"), "{algorithm}: {answer:?}");
}

fn we_verify_theirs(peer: &mut Peer, algorithm: Algorithm) {
    let made = peer.ask(&json!({ "do": "generate", "alg": algorithm.name() }));
    let mut jwk = made["jwk"].clone();
    jwk["alg"] = algorithm.name().into();
    jwk["kid"] = "theirs".into();
    let key = SigningKey::from_jwk(&jwk.to_string()).unwrap();

    let claims = claims();
    let answer = peer.ask(&json!({
        "do": "sign",
        "alg": algorithm.name(),
        "jwk": jwk,
        "header": { "typ": "at+jwt", "kid": "theirs" },
        "claims": claims,
    }));
    let token = answer["token"].as_str().unwrap();
    assert_eq!(verify(key.verifying_key(), token), claims, "{algorithm}");

    // The peer accepts tokens signed with its key here, and its PEM forms are the same key.
    let token = Signer::new(TokenType::ACCESS_TOKEN, key.clone())
        .sign(&claims)
        .unwrap();
    let answer = peer.verify(algorithm, &to_verify_with(&key), &token);
    assert!(answer.contains_key("claims"), "{algorithm}: {answer:?}");
    if let (Some(pkcs8), Some(spki)) = (made.get("pkcs8"), made.get("spki")) {
        let private = SigningKey::from_pkcs8_pem(pkcs8.as_str().unwrap(), algorithm).unwrap();
        let public = VerifyingKey::from_spki_pem(spki.as_str().unwrap(), algorithm).unwrap();
        let thumbprint = key.verifying_key().thumbprint();
        assert!(thumbprint.is_some());
        assert_eq!(private.verifying_key().thumbprint(), thumbprint);
        assert_eq!(public.thumbprint(), thumbprint);
        if let Some(theirs) = made.get("thumbprint") {
            assert_eq!(theirs.as_str(), thumbprint.as_deref());
        }
    }
}

#[test]
fn pyjwt() {
    let python = env::var("INTEROP_PYTHON").unwrap_or("python3".into());
    if let Some(peer) = Peer::start(&python, "peer.py") {
        each_way(peer);
    }
}

#[test]
fn jose() {
    if let Some(peer) = Peer::start("node", "peer.mjs") {
        each_way(peer);
    }
}
