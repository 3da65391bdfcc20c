//! The account page, as a user operates it.

use serde_json::json;

use crate::chromium::Browser;
use crate::program::Program;
use crate::service::{SIGNED_IN, Service, sign_in};

fn note(section: &str, text: &str) -> String {
    format!(
        "document.querySelector('{section} .note')?.textContent.startsWith({})",
        json!(text)
    )
}

#[test]
fn look_after_sessions_profile_and_password() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]);
    browser.register_ann(&service.url);
    browser.reload();
    browser.until(SIGNED_IN);

    // Two more sign-ins elsewhere; one is ended alone, one with all others.
    for _ in 0..2 {
        let credentials =
            json!({ "email": "ann@example.org", "password": "correct horse battery" });
        assert!(service.running.post("/api/login", &credentials)["token"].is_string());
    }
    browser.reload();
    browser.until("document.querySelectorAll('#sessions li').length === 3");
    browser.press("#sessions li:not(:has(.tag)) button");
    browser.until("document.querySelectorAll('#sessions li').length === 2");
    browser.press("#end-others");
    browser.until("document.querySelectorAll('#sessions li').length === 1");

    browser.fill("#profile-name", "Ann Lee");
    browser.submit("profile");
    browser.until(&note("#profile", "Saved"));

    browser.run("document.querySelector('#password').closest('details').open = true");
    browser.fill("#password-current", "wrong horse battery");
    browser.fill("#password-new", "another horse battery");
    browser.submit("password");
    browser.until("document.querySelector('#password-current-error').textContent === 'Current password is wrong.'");
    browser.until("document.activeElement.id === 'password-current'");
    browser.fill("#password-current", "correct horse battery");
    browser.fill("#password-new", "another horse battery");
    browser.submit("password");
    browser.until("document.querySelector('#password').closest('details').open === false");

    browser.press("#sign-out");
    browser.until_step("password");
    browser.until(&note("#step-password", "You have signed out."));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn change_the_address_and_delete_the_account() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--email-verification=optional"]).with_ann();
    sign_in(&browser, &service);
    browser.until("document.querySelector('#unconfirmed').hidden === false");
    browser.press("#send");
    browser.until("document.querySelector('#code').hidden === false");
    browser.fill("#code-code", "0000 0000");
    browser.submit("code");
    browser.until("document.querySelector('#code-code-error') !== null");
    browser.fill("#code-code", &service.mail("verify_email").code);
    browser.submit("code");
    browser.until("document.querySelector('#confirmed').hidden === false");

    browser.press("#to-delete");
    browser.fill("#delete-password", "correct horse battery");
    browser.submit("delete");
    browser.until_step("password");
    assert_eq!(browser.complaints(), [""; 0]);
    let credentials = json!({ "email": "ann@example.org", "password": "correct horse battery" });
    assert_eq!(
        service.running.post("/api/login", &credentials)["code"],
        "invalid_credentials"
    );
}

#[test]
fn pages_can_be_switched_off_and_follow_the_settings() {
    let off = Program::new();
    let off = off.start(&["--account-page", "off"]);
    for path in [
        "/",
        "/sign-in",
        "/account",
        "/playground",
        "/hosted/page.css",
    ] {
        assert_eq!(off.get(path), 404, "{path}");
    }
    assert_eq!(off.get("/symbolon.js"), 200);

    let production = Program::new();
    let production = production.start(&["--public-url", "https://id.example.org"]);
    assert_eq!(production.get("/playground"), 404);
    assert_eq!(production.get("/sign-in"), 200);

    let Some(browser) = Browser::start() else {
        return;
    };
    let closed = Service::start(&[
        "--registration=closed",
        "--brand-name=Acme <Notes>",
        "--brand-color=#0a7a3c",
    ]);
    browser.open(&closed.url);
    browser.until_step("password");
    browser.until("document.querySelector('a[href^=\"/register\"]') === null");
    browser.until("document.querySelector('.brand').textContent === 'Acme <Notes>'");
    let color = "getComputedStyle(document.querySelector('#sign-in .primary')).backgroundColor";
    browser.until(&format!("{color} === 'rgb(10, 122, 60)'"));
    browser.until("!document.documentElement.outerHTML.includes('Symbolon</')");
}

#[test]
fn the_page_says_that_the_service_is_unavailable_and_recovers() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--access-ttl", "1s", "--rotation-grace", "30s"]).with_ann();
    sign_in(&browser, &service);
    let offline = |offline| {
        let parameters = json!({
            "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        browser.cdp("Network.enable", &json!({}));
        browser.cdp("Network.emulateNetworkConditions", &parameters);
    };
    offline(true);
    browser.fill("#profile-name", "Ann Lee");
    browser.submit("profile");
    browser.until("document.querySelector('#profile .note').textContent.includes('connection')");
    offline(false);
    browser.submit("profile");
    browser.until(&note("#profile", "Saved"));
}
