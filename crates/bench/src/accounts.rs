//! Signing in: how much of the processors it uses, and how a flood of guesses affects other users.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use serde_json::json;

use crate::measure::{Contender, interleave};
use crate::symbolon::{PASSWORD, Symbolon, agent};

const BARE: &str = "bare Argon2id, one per processor";
const SIGN_IN: &str = "POST /api/login, SQLite";

/// Guesses per second in a flood.
const STORM: u32 = 200;

pub(crate) fn measure(rounds: usize, turn: Duration) -> Result<(), String> {
    throughput(rounds, turn)?;
    for (name, addresses, accounts) in [
        ("1 address, 1 account", 1, 1),
        ("1,000 addresses, 1 account", 1000, 1),
        ("1,000 addresses, 1,000 accounts", 1000, 1000),
    ] {
        storm(name, addresses, accounts)?;
    }
    Ok(())
}

fn throughput(rounds: usize, turn: Duration) -> Result<(), String> {
    let service = Symbolon::start_with_password(&["--access-ttl=1h"], false)?;
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT);
    let bare = |time| {
        Ok(rate(processors, time, || {
            let hash = argon2.hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16]);
            hash.is_ok()
        }))
    };
    let url = format!("http://{}/api/login", service.address);
    let body = json!({ "email": "ann@example.org", "password": PASSWORD }).to_string();
    let sign_in = |time| {
        let agent = agent();
        // The queue is never empty and never full.
        Ok(rate(2 * processors, time, || {
            let call = agent.post(&url).header("content-type", "application/json");
            call.send(&body).is_ok()
        }))
    };
    let contenders = vec![Contender::new(BARE, bare), Contender::new(SIGN_IN, sign_in)];
    let figures = interleave(contenders, rounds, turn)?;
    println!("| per second | median | min | max |\n| --- | ---: | ---: | ---: |");
    for one in &figures {
        let (min, max) = one.range();
        println!(
            "| {} | {:.1} | {min:.1} | {max:.1} |",
            one.name,
            one.median()
        );
    }
    let ratio = figures[1].median() / figures[0].median();
    println!("\nSign-ins over bare hashes: {ratio:.2} (target ≥ 0.95)\n");
    println!(
        "| 200 guesses per second from | checked | 429 | 503 | p99 of refresh_access, idle | p99 during the flood | ratio | known device | memory |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |"
    );
    Ok(())
}

/// The rate per second on this many threads; every call must succeed.
fn rate(threads: usize, time: Duration, work: impl Fn() -> bool + Sync) -> f64 {
    let done = AtomicU32::new(0);
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while began.elapsed() < time {
                    assert!(work(), "a call failed");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    f64::from(done.into_inner()) / began.elapsed().as_secs_f64()
}

/// Uses the default limits.
fn storm(name: &str, addresses: u32, accounts: u32) -> Result<(), String> {
    let service = Symbolon::start_with_password(&["--trusted-proxies=127.0.0.1"], true)?;
    let (cookie, device) = service.sign_in(None)?.ok_or("the owner signs in")?;
    let idle = p99_of_renewals(&service, &cookie, Duration::from_secs(5))?;
    let over = AtomicBool::new(false);
    let [through, limited, busy] = [const { AtomicU32::new(0) }; 3];
    let (under, known) = thread::scope(|scope| {
        for part in 0..64 {
            let (service, over) = (&service, &over);
            let (through, limited, busy) = (&through, &limited, &busy);
            scope.spawn(move || {
                let agent = agent();
                let url = format!("http://{}/api/login", service.address);
                let each = Duration::from_secs(64) / STORM;
                let began = Instant::now();
                for n in 0.. {
                    let at = each * n;
                    thread::sleep(at.saturating_sub(began.elapsed()));
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let k = n * 64 + part;
                    let (a, account) = (k % addresses, k % accounts);
                    let email = match accounts {
                        1 => "ann@example.org".to_owned(),
                        _ => format!("user{account}@example.org"),
                    };
                    let body = json!({ "email": email, "password": "a guess" }).to_string();
                    let call = agent.post(&url).header("content-type", "application/json");
                    let call = call.header(
                        "x-forwarded-for",
                        format!("10.1.{}.{}", a / 250, a % 250 + 1),
                    );
                    match call.send(body) {
                        Err(ureq::Error::StatusCode(429)) => {
                            limited.fetch_add(1, Ordering::Relaxed)
                        }
                        Err(ureq::Error::StatusCode(503)) => busy.fetch_add(1, Ordering::Relaxed),
                        _ => through.fetch_add(1, Ordering::Relaxed),
                    };
                }
            });
        }
        let under = p99_of_renewals(&service, &cookie, Duration::from_secs(15));
        let known = service.sign_in(Some(&device));
        over.store(true, Ordering::Relaxed);
        (under, known)
    });
    let (under, known) = (under?, known?);
    let known = match known {
        Some(_) => "signs in",
        None => "**refused**",
    };
    println!(
        "| {name} | {} | {} | {} | {:.1} ms | {:.1} ms | {:.1} | {known} | {:.1} MiB |",
        through.into_inner(),
        limited.into_inner(),
        busy.into_inner(),
        idle.as_secs_f64() * 1e3,
        under.as_secs_f64() * 1e3,
        under.as_secs_f64() / idle.as_secs_f64(),
        service.memory()
    );
    Ok(())
}

/// Sends about fifty calls per second, one after the other.
fn p99_of_renewals(service: &Symbolon, cookie: &str, time: Duration) -> Result<Duration, String> {
    let agent = agent();
    let url = format!("http://{}/api/refresh_access", service.address);
    let began = Instant::now();
    let mut took = Vec::new();
    while began.elapsed() < time {
        let since = Instant::now();
        let call = agent
            .post(&url)
            .header("cookie", format!("refreshToken={cookie}"));
        let answered = call.header("x-forwarded-for", "10.2.0.1").send_empty();
        answered.map_err(|why| format!("refresh_access: {why}"))?;
        took.push(since.elapsed());
        // Well within the rate limit.
        thread::sleep(Duration::from_millis(15));
    }
    took.sort_unstable();
    Ok(took[took.len() * 99 / 100])
}
