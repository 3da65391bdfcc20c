//! Whether a renewal takes longer when there are many sessions.

use std::time::Duration;

use throwaway_postgres::PrivateServer;

use crate::measure::{Contender, interleave};
use crate::report::{Report, Target};
use crate::statements::CONNECTIONS;
use crate::symbolon::Symbolon;
use crate::wrk::{Kind, Load};

/// Sessions that are renewed in turn, in either table; the small table has no others.
const RENEWED: usize = 10_000;

/// The steps in which the large table grows. Sessions to renew are added after each, so that they are
/// spread over the whole table.
const STEPS: usize = 20;

pub(crate) fn measure(
    rounds: usize,
    turn: Duration,
    sessions: u64,
    report: &mut Report,
) -> Result<(), String> {
    let server = PrivateServer::start().ok_or("PostgreSQL is not installed")?;
    let host = server.directory().to_string_lossy().into_owned();
    let psql = |sql: &str, database: &str| {
        server.run(
            "psql",
            &["-h", &host, "-U", "symbolon", "-qc", sql, database],
        );
    };
    psql("CREATE DATABASE small", "postgres");
    psql("CREATE DATABASE large", "postgres");
    let small = Symbolon::start(Some(&server.url("small")), "ES256")?;
    let large = Symbolon::start(Some(&server.url("large")), "ES256")?;
    let mut few = small.open(RENEWED)?;
    let mut many = Vec::new();
    let step = sessions / STEPS as u64;
    for n in 1..=STEPS as u64 {
        many.extend(large.open(RENEWED / STEPS)?);
        psql(&more(step), "large");
        eprintln!("{} of {sessions} sessions", n * step);
    }
    psql("VACUUM ANALYZE sessions", "small");
    psql("VACUUM ANALYZE sessions", "large");
    psql("CHECKPOINT", "large");

    let renew = |service: &Symbolon, tokens: &mut Vec<String>, time| {
        let load = Load {
            address: &service.address,
            path: "/api/refresh_all",
            kind: Kind::Cookie,
            tokens,
            threads: CONNECTIONS,
            connections: CONNECTIONS,
        };
        let (rate, after) = load.run_and_keep(time)?;
        *tokens = after;
        Ok(rate)
    };
    let of_many = format!("refresh_all, {sessions} sessions");
    let of_few = format!("refresh_all, {RENEWED} sessions");
    let figures = interleave(
        vec![
            Contender::new(&of_few, |time| renew(&small, &mut few, time)),
            Contender::new(&of_many, |time| renew(&large, &mut many, time)),
        ],
        rounds,
        turn,
    )?;
    report.figures.extend(figures);
    report.targets.push(Target {
        name: "refresh_all with many sessions ÷ with few",
        value: report.median(&of_many) / report.median(&of_few),
        least: 0.9,
    });
    Ok(())
}

/// Copies one of the rows, with new ids.
fn more(sessions: u64) -> String {
    format!(
        "INSERT INTO sessions SELECT gen_random_uuid()::text, 'user' || n % 1000000, 3, \
         created_at, created_at, idle_expires_at, expires_at, NULL, NULL, NULL, NULL, \
         auth_time, amr, claims, ip, user_agent, label \
         FROM (SELECT * FROM sessions LIMIT 1) one, generate_series(1, {sessions}) n"
    )
}
