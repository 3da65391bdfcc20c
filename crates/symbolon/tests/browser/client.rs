//! The client module alone, against the fake `fetch` of the checks in `client.js`.

use serde_json::Value;

use crate::chromium::Browser;
use crate::service::Service;

#[test]
fn it_keeps_its_promises() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]);
    browser.open(&format!("{}/docs/problems", service.url));
    let failures = browser.run(include_str!("client.js"));
    assert_eq!(failures, Value::from(Vec::<Value>::new()), "{failures:#}");
}
