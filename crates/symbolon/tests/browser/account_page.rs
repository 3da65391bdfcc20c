//! The account page at `/`, as a user operates it.

use crate::chromium::Browser;
use crate::program::Program;
use crate::service::Service;

pub(crate) fn sign_in(browser: &Browser, service: &Service) {
    browser.open(&service.url);
    browser.until("!document.querySelector('#signed-out').hidden");
    browser.fill("#sign-in-email", "ann@example.org");
    browser.fill("#sign-in-password", "correct horse battery");
    browser.press("#sign-in button");
    browser.until(SIGNED_IN);
}

pub(crate) const SIGNED_IN: &str = "!document.querySelector('#signed-in').hidden
    && document.querySelector('#name').textContent === 'Ann'
    && document.querySelectorAll('#sessions li').length > 0";
pub(crate) const SIGNED_OUT: &str = "!document.querySelector('#signed-out').hidden
    && document.querySelector('#signed-in').hidden";

#[test]
fn register_reload_look_after_the_sessions_and_sign_out() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]);
    browser.open(&service.url);
    browser.register_ann();
    browser.until(SIGNED_IN);

    browser.reload();
    browser.until(SIGNED_IN);
    let claims = browser.run("return document.querySelector('#token-claims').innerText");
    assert!(claims.as_str().unwrap().contains("sid"), "{claims}");

    // Two more sign-ins elsewhere; one is ended alone, one with all others.
    for _ in 0..2 {
        let credentials = serde_json::json!({
            "email": "ann@example.org", "password": "correct horse battery",
        });
        assert!(service.running.post("/api/login", &credentials)["token"].is_string());
    }
    browser.reload();
    browser.until("document.querySelectorAll('#sessions li').length === 3");
    browser.press("#sessions li:not(:has(.here)) button");
    browser.until("document.querySelectorAll('#sessions li').length === 2");
    browser.press("#end-others");
    browser.until("document.querySelectorAll('#sessions li').length === 1");
    browser.until("document.querySelector('#notice').textContent === 'You were signed out of one other session.'");

    browser.fill("#password-current", "wrong horse battery");
    browser.fill("#password-new", "another horse battery");
    browser.press("#password button");
    browser.until(
        "document.querySelector('#password .error').textContent === 'Current password is wrong.'",
    );
    browser.until("document.activeElement.id === 'password-current'");
    browser.fill("#password-current", "correct horse battery");
    browser.fill("#password-new", "another horse battery");
    browser.press("#password button");
    browser.until(
        "document.querySelector('#notice').textContent.startsWith('Your password was changed')",
    );

    browser.press("#sign-out");
    browser.until(SIGNED_OUT);
    browser.until("document.querySelector('#notice').textContent === 'You have signed out.'");
    browser.reload();
    browser.until(SIGNED_OUT);
    browser.fill("#sign-in-email", "ann@example.org");
    browser.fill("#sign-in-password", "correct horse battery");
    browser.press("#sign-in button");
    browser.until(
        "document.querySelector('#sign-in .error').textContent === 'The email address or password is wrong.'",
    );
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn it_can_be_switched_off_and_follows_the_registration() {
    let off = Program::new();
    let off = off.start(&["--account-page", "off"]);
    assert_eq!(off.get("/"), 404);
    assert_eq!(off.get("/account/page.js"), 404);
    assert_eq!(off.get("/symbolon.js"), 200);

    let Some(browser) = Browser::start() else {
        return;
    };
    let closed = Service::start(&["--registration", "closed"]);
    browser.open(&closed.url);
    browser.until(SIGNED_OUT);
    browser.until("document.querySelector('#to-register').hidden");
}

#[test]
fn the_page_says_that_the_service_is_unavailable_and_recovers() {
    let Some(browser) = Browser::start() else {
        return;
    };
    // Renewed with each look at the token.
    let service = Service::start(&["--access-ttl", "1s", "--rotation-grace", "30s"]).with_ann();
    sign_in(&browser, &service);
    let offline = |offline| {
        let parameters = serde_json::json!({
            "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        browser.cdp("Network.enable", &serde_json::json!({}));
        browser.cdp("Network.emulateNetworkConditions", &parameters);
    };
    offline(true);
    browser.until("document.querySelector('#notice').textContent.includes('is not responding')");
    offline(false);
    browser.until("document.querySelector('#notice').hidden");
    browser.until(SIGNED_IN);
}
