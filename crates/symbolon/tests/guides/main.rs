//! The guides in `docs/`, followed as they are written.
//!
//! What a guide takes from a registry is installed; where that fails its test is skipped, with a
//! line that says so. With `REQUIRE_GUIDES=1` it fails. The same goes for Chromium and
//! `REQUIRE_BROWSER=1`.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod back_ends;
#[path = "../browser/chromium.rs"]
#[allow(dead_code, reason = "shared with those of the browser")]
mod chromium;
mod django_accounts;
mod first_ten_minutes;
mod forward_auth;
mod guide;
mod keys;
mod mail;
mod moving_from_django;
mod notes;
mod pages;
mod protect_a_site;
mod proxies;
mod sign_in_pages;
mod spa;
#[path = "../cli/tour.rs"]
mod tour;
mod verify_tokens;

use std::process::{Command, Stdio};

/// Whether these programs are here; says so, or fails, as for Chromium.
fn are_installed(programs: &[&str]) -> bool {
    programs.iter().all(|program| {
        let mut found = Command::new("sh");
        found.args(["-c", &format!("PATH=$PATH:/usr/sbin command -v {program}")]);
        let is_here = found.stdout(Stdio::null()).status().unwrap().success();
        if !is_here {
            chromium::skip(&format!("{program} is not installed"));
        }
        is_here
    })
}
