use jwt_core::{JwkSet, KeyRing, NoClaims, NumericDate, TokenType, Verifier};
use store::service_keys::Scope;

use crate::support::forge;
use crate::support::service::Place;
use crate::{Service, on_both_back_ends};

on_both_back_ends! {
    the_holder_of_a_valid_token_is_named_in_headers
    every_bad_token_is_refused
}

fn the_holder_of_a_valid_token_is_named_in_headers(service: &Service) {
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    let answer = service.client().get("/api/verify").bearer(&token).send();
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let claims = forge::claims(&token);
    assert_eq!(answer.header("x-user-id"), claims["sub"].as_str());
    assert_eq!(answer.header("x-session-id"), claims["sid"].as_str());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

fn every_bad_token_is_refused(service: &Service) {
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    let verify = |token: &str| {
        let answer = service.client().get("/api/verify").bearer(token).send();
        assert_eq!(answer.header("x-user-id"), None);
        answer.problem()
    };
    for (bad, code) in forge::bad_tokens(&token) {
        assert_eq!(verify(&bad), (401, code.into()), "{bad}");
    }
    client.post("/api/logout").send();
    assert_eq!(verify(&token), (401, "session_revoked".into()));
}

#[test]
fn claims_are_asked_for_and_forwarded_headers() {
    let service = Service::start(&Place::sqlite(), &["--verify-claims=role,tenant"]);
    // With the claim `role`, an editor's.
    service.import("7", "Ann");
    let key = service.service_key("back-end", &[Scope::TokensIssue]);
    let tokens = service.client().post("/api/tokens").bearer(&key);
    let token = tokens.json(serde_json::json!({ "id": 7 })).send().token();
    let verify = |query: &str| {
        let path = format!("/api/verify{query}");
        service.client().get(&path).bearer(&token).send()
    };
    assert_eq!(verify("").header("x-claim-role"), Some("editor"));
    // A proxy may pass on the query of the request that it asks about.
    for query in [
        "?require=role:editor",
        "?role=admin&page=2",
        "?required=role:x",
    ] {
        assert_eq!(verify(query).status, 200, "{query}");
    }
    for query in [
        "?require=role:admin",
        "?require=role:editor&require=role:admin",
        "?page=2&require=tenant:x",
        "?require=sub:7",
        "?require=role",
        "?require=role:",
        "?require=",
        "?require",
        "?require=role=editor",
        "?%72equire=role:edit%6fr2",
    ] {
        assert_eq!(
            verify(query).problem(),
            (403, "claim_required".into()),
            "{query}"
        );
    }
}

#[test]
fn what_is_behind_a_proxy_gets_a_token_that_opens_nothing_here() {
    let service = Service::start(
        &Place::sqlite(),
        &["--forwarded-token-ttl=30s", "--signing-alg=EdDSA"],
    );
    let client = service.signed_in("ann");
    let token = client.post("/api/refresh_access").send().token();
    let verify = |token: &str| service.client().get("/api/verify").bearer(token).send();
    let answer = verify(&token);
    let identity = answer.header("x-forwarded-token").unwrap();
    let jwks = service.client().get("/.well-known/jwks.json").send();
    let keys = JwkSet::parse(std::str::from_utf8(&jwks.body).unwrap())
        .unwrap()
        .keys;
    let (of, issuer) = (TokenType::new("forwarded+jwt"), "http://localhost:8000");
    let verifier = Verifier::new(of, issuer, Some(issuer), KeyRing::new(keys).unwrap());
    let now = NumericDate::from_secs(forge::claims(identity)["iat"].as_u64().unwrap()).unwrap();
    verifier.verify::<NoClaims>(identity, now).unwrap();
    let (told, known) = (forge::claims(identity), forge::claims(&token));
    for claim in ["sub", "sid", "iss", "aud"] {
        assert_eq!(told[claim], known[claim], "{claim}");
    }
    assert_eq!(
        told["exp"].as_u64().unwrap() - told["iat"].as_u64().unwrap(),
        30
    );
    assert_eq!(verify(identity).problem().0, 401);
}

#[test]
fn it_works_while_the_database_is_unavailable() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let service = Service::start(&place, &[]);
    let token = service
        .signed_in("ann")
        .post("/api/refresh_access")
        .send()
        .token();
    place.outage(|| {
        let answer = service.client().get("/api/verify").bearer(&token).send();
        assert_eq!(answer.status, 200);
        let me = service.client().get("/api/me").bearer(&token).send();
        assert_eq!(me.problem(), (503, "unavailable".into()));
    });
}
