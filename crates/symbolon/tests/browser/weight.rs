//! The size of the account page, and how fast it loads.

use std::process::{Command, Stdio};

use crate::account_page::SIGNED_OUT;
use crate::chromium::Browser;
use crate::service::Service;

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
fn the_page_is_below_60_kb_and_asks_no_other_host() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]);
    let mut renders = Vec::new();
    for _ in 0..5 {
        browser.open("about:blank");
        browser.open(&service.url);
        browser.until(SIGNED_OUT);
        browser.until("performance.getEntriesByName('first-contentful-paint').length");
        let render = "return performance.getEntriesByName('first-contentful-paint')[0].startTime";
        renders.push(browser.run(render).as_f64().unwrap());
    }
    renders.sort_by(f64::total_cmp);
    println!("first render: {renders:.0?} ms");

    browser.cdp("Network.enable", &serde_json::json!({}));
    browser.cdp(
        "Network.setCacheDisabled",
        &serde_json::json!({"cacheDisabled": true}),
    );
    browser.reload();
    browser.until(SIGNED_OUT);
    let loaded = browser.run(
        "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
             .map(({ name, transferSize }) => ({ name, transferSize }))",
    );
    let loaded = loaded.as_array().unwrap();
    println!("{loaded:#?}");
    let names = loaded.iter().map(|loaded| loaded["name"].as_str().unwrap());
    let ours = format!("{}/", service.url);
    assert!(names.clone().all(|name| name.starts_with(&ours)));
    assert!(names.clone().any(|name| name.ends_with("/symbolon.js")));
    let weight: u64 = loaded
        .iter()
        .map(|loaded| loaded["transferSize"].as_u64().unwrap())
        .sum();
    println!("{weight} bytes");
    assert!((20_000..60_000).contains(&weight));
}
