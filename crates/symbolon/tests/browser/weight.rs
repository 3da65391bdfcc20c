//! The size of the pages, and how fast they load.

use std::process::{Command, Stdio};

use crate::chromium::Browser;
use crate::service::{Service, sign_in};

#[test]
fn the_module_is_below_4_kb_gzipped() {
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clients/js/symbolon.js");
    let gzip = Command::new("gzip")
        .args(["--best", "--stdout", module])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    println!("symbolon.js: {} bytes gzipped", gzip.stdout.len());
    assert!((1000..4000).contains(&gzip.stdout.len()));
}

#[test]
fn every_page_is_below_40_kb_and_asks_no_other_host() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--sign-in-by-mail=on"]).with_ann();
    browser.cdp("Network.enable", &serde_json::json!({}));
    let uncached = serde_json::json!({"cacheDisabled": true});
    browser.cdp("Network.setCacheDisabled", &uncached);
    let weigh = |page: &str, step: &str| {
        browser.open(&format!("{}{page}", service.url));
        browser.until_step(step);
        let loaded = browser.run(
            "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
                 .filter(({ name }) => !name.includes('/api/'))
                 .map(({ name, decodedBodySize }) => ({ name, size: decodedBodySize }))",
        );
        let loaded = loaded.as_array().unwrap();
        let names = loaded.iter().map(|loaded| loaded["name"].as_str().unwrap());
        let mut elsewhere =
            names.filter(|name| !name.starts_with(&service.url) && !name.starts_with("data:"));
        assert_eq!(elsewhere.next(), None, "{page}");
        let weight: u64 = loaded
            .iter()
            .map(|loaded| loaded["size"].as_u64().unwrap())
            .sum();
        println!("{page}: {weight} bytes");
        assert!(
            (20_000..40_000).contains(&weight),
            "{page}: {weight} {loaded:#?}"
        );
    };
    for language in ["en", "ru"] {
        for (page, step) in [
            ("sign-in", "password"),
            ("register", "register"),
            ("forgot-password", "ask"),
            ("reset-password", "invalid"),
            ("invitation", "invalid"),
            ("undo-email-change", "invalid"),
            ("playground", "out"),
        ] {
            weigh(&format!("/{page}?lang={language}"), step);
        }
    }
    sign_in(&browser, &service);
    for language in ["en", "ru"] {
        weigh(&format!("/account?lang={language}"), "account");
        weigh(&format!("/verify-email?lang={language}"), "code");
    }
}
