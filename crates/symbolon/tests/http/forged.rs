//! Forged tokens are refused by their signature, without a database query.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::Service;
use crate::support::client::Client;
use crate::support::forge;
use crate::support::service::Place;

/// All that the good one says, its session id and generation included, signed with another key.
fn forge(good: &str) -> String {
    assert_eq!(forge::header(good)["alg"], "HS256");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let (input, _) = good.rsplit_once('.').unwrap();
    let tag = hmac::sign(&key, input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// A client that is signed in, and one with a forgery of its refresh token.
fn good_and_forged(service: &Service) -> (Client, Client) {
    let client = service.signed_in("ann");
    let forged = service.client();
    forged.set_cookie(&forge(&client.cookie().unwrap()));
    (client, forged)
}

#[test]
fn without_the_database_known_devices_are_still_distinguished() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let service = Service::start(&place, &[]);
    let (client, forged) = good_and_forged(&service);
    place.outage(|| {
        for path in ["/api/refresh_all", "/api/refresh_access"] {
            assert_eq!(client.post(path).send().problem().0, 503);
            let refused = forged.post(path).send();
            assert_eq!(refused.problem(), (401, "token_forged".into()));
        }
    });
}

#[test]
fn it_costs_the_database_no_statement() {
    let Some(place) = Place::postgres() else {
        return;
    };
    let service = Service::start(&place, &[]);
    let (client, forged) = good_and_forged(&service);
    // Outside a transaction each statement is one.
    let statements = || {
        service.number(
            "SELECT xact_commit + xact_rollback AS n FROM pg_stat_database \
             WHERE datname = current_database()",
        )
    };
    let before = statements();
    for _ in 0..300 {
        forged.post("/api/refresh_all").send();
    }
    for _ in 0..300 {
        assert_eq!(client.post("/api/refresh_access").send().status, 200);
    }
    // PostgreSQL tells its numbers late; those of the good tokens come last.
    let told = (0..50).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(200));
        statements() - before >= 300
    });
    assert!(told);
    // What runs beside the requests asks once a second, and so does this.
    let counted = statements() - before;
    assert!(counted < 450, "{counted} statements");
}
