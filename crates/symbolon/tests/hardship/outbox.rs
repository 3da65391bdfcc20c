//! Repeated `kill -9` while users register: everybody who was registered gets the mail.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use throwaway_postgres::PrivateServer;

use crate::client::Client;
use crate::short_or_long;
use crate::site::Site;

#[test]
fn no_mail_is_lost_on_sqlite() {
    let _alone = crate::alone();
    everybody_gets_a_mail(&Site::sqlite());
}

#[test]
fn no_mail_is_lost_on_postgres() {
    let _alone = crate::alone();
    let Some(server) = PrivateServer::start() else {
        return;
    };
    everybody_gets_a_mail(&Site::postgres(&server.url("postgres")));
}

fn everybody_gets_a_mail(site: &Site) {
    let out = tempfile::tempdir().unwrap();
    let url = format!("--mail-url=file:{}", out.path().display());
    let arguments = [url.as_str(), "--mail-from=no-reply@example.org"];
    let mut registered = BTreeSet::new();
    let number = AtomicU32::new(0);
    for round in 0..short_or_long(3_u32, 10) {
        let service = site.start(&arguments);
        let client = Client::new(&service.address);
        let (client, number) = (&client, &number);
        registered.extend(thread::scope(|scope| {
            let clients: Vec<_> = (0..4)
                .map(|_| scope.spawn(move || register_until_it_is_gone(client, number)))
                .collect();
            // Mails are delivered once a second, and some rounds end in the middle of that.
            thread::sleep(Duration::from_millis(u64::from(1900 + 150 * round)));
            service.kill();
            let registered = clients.into_iter().map(|client| client.join().unwrap());
            registered.collect::<Vec<_>>().concat()
        }));
    }
    assert!(registered.len() > 20, "only {registered:?}");
    // Whoever delivers next waits for the lease of who was killed.
    let service = site.start(&arguments);
    let began = Instant::now();
    let outbox = loop {
        let listed = site.run(&["mail", "list", "--json", "--limit=10000"]);
        let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
        if listed.iter().all(|mail| mail["state"] == "sent") {
            break listed;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{listed:#?}");
        thread::sleep(Duration::from_millis(200));
    };
    drop(service);
    let mut missing = registered.clone();
    for mail in &outbox {
        let file = out
            .path()
            .join(format!("{}.eml", mail["id"].as_str().unwrap()));
        let text = std::fs::read_to_string(file).expect("each mail is there, and whole");
        let recipient = mail["recipient"].as_str().unwrap();
        assert!(text.contains(&format!("To: {recipient}\r\n")), "{text}");
        missing.remove(recipient);
    }
    assert!(missing.is_empty(), "{missing:?}");
    println!(
        "{} registrations were acknowledged, and {} mails sent",
        registered.len(),
        outbox.len()
    );
}

/// Registers users until nobody answers, and returns those who were told that they are registered.
fn register_until_it_is_gone(client: &Client, number: &AtomicU32) -> Vec<String> {
    let mut registered = Vec::new();
    loop {
        let email = format!("user{}@example.org", number.fetch_add(1, Ordering::Relaxed));
        let body = json!({ "name": "Ann", "email": email, "password": "correct horse battery" });
        match client.post_as("/api/register", "", "", &body.to_string()) {
            Some(reply) if reply.status == 201 => registered.push(email),
            Some(reply) => assert_eq!(reply.status, 503, "{reply:?}"),
            None => return registered,
        }
    }
}
