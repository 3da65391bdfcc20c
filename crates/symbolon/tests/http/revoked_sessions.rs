//! The revocation list, as offline verifiers read it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_core::{Claims, JwkSet, KeyRing, NumericDate, TokenType, Verifier};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::support::client::Answer;
use crate::support::forge;
use crate::support::service::Place;
use crate::{Service, on_both_back_ends};

const PATH: &str = "/.well-known/revoked-sessions";

fn fetch(service: &Service) -> Answer {
    service.client().get(PATH).send()
}

/// What a reader makes of it: the ids, if the proof holds.
fn read(
    service: &Service,
    answer: &Answer,
    now: u64,
) -> Result<(Vec<String>, i64), jwt_core::Error> {
    let jwks = service.client().get("/.well-known/jwks.json").send();
    let set = JwkSet::parse(std::str::from_utf8(&jwks.body).unwrap()).unwrap();
    let keys = KeyRing::new(set.keys).unwrap();
    let typ = TokenType::new("revoked-sessions+jwt");
    let verifier = Verifier::new(typ, "http://localhost:8000", None, keys);
    let body = answer.json();
    let proof = body["proof"].as_str().unwrap();
    let claims: Claims<Value> = verifier.verify(proof, NumericDate::from_secs(now).unwrap())?;
    let ids: Vec<String> = serde_json::from_value(body["sessions"].clone()).unwrap();
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    let hash = URL_SAFE_NO_PAD.encode(digest(&SHA256, lines.as_bytes()).as_ref());
    assert_eq!(claims.own["sha256"], hash);
    Ok((ids, claims.own["seq"].as_i64().unwrap()))
}

#[test]
fn a_revoked_session_is_in_the_list_until_its_tokens_have_expired() {
    let service = Service::start(&Place::sqlite(), &["--signing-alg=EdDSA"]);
    let ann = service.signed_in("ann");
    let claims = forge::claims(&ann.post("/api/refresh_access").send().token());
    let now = claims["iat"].as_u64().unwrap();
    let before = fetch(&service);
    let (none, first) = read(&service, &before, now).unwrap();
    assert_eq!(none, [""; 0]);

    ann.post("/api/logout").send();

    let after = fetch(&service);
    let (ended, later) = read(&service, &after, now).unwrap();
    assert_eq!(ended, [claims["sid"].as_str().unwrap()]);
    assert!(later > first);
    assert_ne!(after.header("etag"), before.header("etag"));
    assert_eq!(
        read(&service, &after, now + 61).unwrap_err(),
        jwt_core::Error::Expired
    );
}

#[test]
fn while_nothing_changes_it_is_not_sent_again() {
    let service = Service::start(&Place::sqlite(), &[]);
    service.signed_in("ann").post("/api/logout").send();
    let first = fetch(&service);
    let etag = first.header("etag").unwrap().to_owned();
    assert_eq!(first.header("cache-control"), Some("public, max-age=1"));
    let again = |etag: &str| {
        service
            .client()
            .get(PATH)
            .header("if-none-match", etag)
            .send()
    };
    for known in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"other\", {etag}"),
    ] {
        let answer = again(&known);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{known}");
        assert_eq!(answer.header("etag"), Some(&*etag));
    }
    assert_eq!(again("\"other\"").status, 200);
    // The proof would soon be too old.
    service.advance(Duration::from_secs(21));
    assert_eq!(again(&etag).status, 200);
}

#[test]
fn a_proof_is_no_access_token_and_no_refresh_token() {
    let service = Service::start(&Place::sqlite(), &[]);
    let proof = fetch(&service).json()["proof"].as_str().unwrap().to_owned();
    let answer = service.client().get("/api/verify").bearer(&proof).send();
    assert_eq!(answer.problem(), (401, "token_wrong_type".into()));
    let client = service.client();
    client.set_cookie(&proof);
    assert_eq!(client.post("/api/refresh_all").send().status, 401);
}

/// Of the list, which must have a proof that is not used here.
fn seq(service: &Service) -> i64 {
    let proof = fetch(service).json()["proof"].as_str().unwrap().to_owned();
    forge::claims(&proof)["seq"].as_i64().unwrap()
}

on_both_back_ends! { its_number_never_falls }

fn its_number_never_falls(service: &Service) {
    let ann = service.signed_in("ann");
    service.advance(Duration::from_secs(1));
    ann.post("/api/logout").send();
    let last = seq(service);
    assert!(last > 0);
    service.advance(Duration::from_secs(400));
    let is_empty = || fetch(service).json()["sessions"] == serde_json::json!([]);
    let forgotten = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        // A list is made anew when something changed.
        is_empty()
    });
    assert!(forgotten);
    assert_eq!(seq(service), last);
    let replica = service.restart(&[]);
    assert_eq!(seq(&replica), last, "from the database");
}

#[test]
fn of_too_many_there_is_no_list() {
    let service = Service::start(&Place::sqlite(), &[]);
    service.signed_in("ann").post("/api/logout").send();
    let columns = "user_id, generation, created_at, idle_expires_at, expires_at, revoked_at, \
                   revoked_reason, auth_time, amr, claims";
    service.execute(&format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50000)
         INSERT INTO sessions (id, {columns})
         SELECT printf('00000000-0000-7000-8000-%012x', n), {columns} FROM sessions, n"
    ));
    let replica = service.restart(&[]);
    let answer = fetch(&replica);
    assert_eq!(answer.problem(), (503, "unavailable".into()));
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("introspect")
    );
}
