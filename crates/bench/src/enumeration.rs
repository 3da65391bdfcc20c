//! Whether the time of an answer tells that an address has an account.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::symbolon::{PASSWORD, Symbolon, agent};

/// Asks each call about `pairs` addresses that have an account and as many that have none, in turn.
pub(crate) fn measure(pairs: usize) -> Result<(), String> {
    let arguments = [
        "--registration=discreet",
        "--email-verification=required",
        "--sign-in-by-mail=on",
    ];
    let service = Symbolon::start_with_password(&arguments, false)?;
    let url = |path: &str| format!("http://{}{path}", service.address);
    // For each account there is another one, with which the first is compared too.
    for n in 0..2 * pairs {
        ask(&url("/api/register"), &account(&known(n)))?;
    }
    println!(
        "| {pairs} pairs | known | unknown | ratio | known and known |\n| --- | ---: | ---: | ---: | ---: |"
    );
    type Body = fn(&str) -> Value;
    let calls: [(&str, Body); 4] = [
        ("/api/password/forgot", |email| json!({ "email": email })),
        ("/api/login/code", |email| json!({ "email": email })),
        ("/api/register", account),
        (
            "/api/login",
            |email| json!({ "email": email, "password": "a guess" }),
        ),
    ];
    for (path, body) in calls {
        let [mut ones, mut unknown, mut others] = [const { Vec::new() }; 3];
        for n in 0..pairs {
            let mut three = [
                (known(2 * n), &mut ones),
                (format!("nobody{n}@example.org"), &mut unknown),
                (known(2 * n + 1), &mut others),
            ];
            // None always comes after the same one.
            three.rotate_left(n % 3);
            for (email, times) in three {
                times.push(ask(&url(path), &body(&email))?);
            }
        }
        let [known, unknown, other] = [ones, unknown, others].map(median);
        let ratio = known.as_secs_f64() / unknown.as_secs_f64();
        let same = known.as_secs_f64() / other.as_secs_f64();
        println!("| POST {path} | {known:.2?} | {unknown:.2?} | {ratio:.3} | {same:.3} |");
    }
    Ok(())
}

fn known(n: usize) -> String {
    format!("user{n}@example.org")
}

fn account(email: &str) -> Value {
    json!({ "name": "Ann", "email": email, "password": PASSWORD })
}

/// How long the answer takes, whatever it is.
fn ask(url: &str, body: &Value) -> Result<Duration, String> {
    let agent = agent();
    let call = agent.post(url).header("content-type", "application/json");
    let began = Instant::now();
    match call.send(body.to_string()) {
        Ok(_) | Err(ureq::Error::StatusCode(401)) => Ok(began.elapsed()),
        Err(why) => Err(format!("{url}: {why}")),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
