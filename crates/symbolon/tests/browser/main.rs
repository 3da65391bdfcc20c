//! The browser side, in Chromium: the client module, the hosted pages, and front ends on
//! other origins.
//!
//! Needs `chromium` and `chromedriver`, and for one test axe-core (`npm install` in this folder).
//! Where one is missing its tests are skipped, with a line that says so; with `REQUIRE_BROWSER=1`
//! they fail. `SCREENSHOTS` names a folder for pictures of each page.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used
)]

mod account;
mod chromium;
mod client;
mod front_ends;
mod looks;
mod mailed;
mod origins;
#[path = "../cli/program.rs"]
#[allow(dead_code, reason = "shared with those of the command line")]
mod program;
mod service;
mod sign_in;
mod tabs;
mod theft;
mod weight;
