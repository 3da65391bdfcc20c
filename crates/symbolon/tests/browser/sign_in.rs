//! Signing in and registering on the hosted pages, and the way back to an application.

use serde_json::json;

use crate::chromium::Browser;
use crate::service::{SIGNED_IN, Service, sign_in};

#[test]
fn an_anonymous_visitor_sees_no_error_and_wrong_credentials_say_so() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]).with_ann();
    browser.open(&service.url);
    browser.until_step("password");
    browser.until("document.activeElement.id === 'sign-in-email'");
    // Not even a red line for a 401.
    assert_eq!(browser.console(), [""; 0]);

    browser.submit("sign-in");
    browser.until(
        "document.querySelector('#sign-in-email-error').textContent.startsWith('Email address')",
    );
    browser.fill("#sign-in-email", "ann@example.org");
    browser.fill("#sign-in-password", "not this one");
    browser.submit("sign-in");
    browser.until("document.querySelector('#sign-in .note').textContent.length > 0");
    let described = "document.querySelector('#sign-in-email').getAttribute('aria-invalid')";
    browser.until(&format!("{described} === null"));
}

#[test]
fn it_goes_back_to_the_application_and_nowhere_else() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--allowed-origins=http://app.localhost:9"]).with_ann();
    let encoded = |url: &str| {
        url.replace(':', "%3A")
            .replace('/', "%2F")
            .replace('\\', "%5C")
    };
    for evil in [
        "//evil.localhost",
        "\\\\evil.localhost",
        "https://evil.localhost",
        "javascript:alert(1)",
        "http://app.localhost:9@evil.localhost",
    ] {
        browser.open(&format!(
            "{}/sign-in?return_to={}",
            service.url,
            encoded(evil)
        ));
        browser.until_step("password");
        browser.fill("#sign-in-email", "ann@example.org");
        browser.fill("#sign-in-password", "correct horse battery");
        browser.submit("sign-in");
        browser.until(SIGNED_IN);
        browser.until(&format!("location.origin === {}", json!(service.url)));
        browser.press("#sign-out");
        browser.until_step("password");
    }
    // Kept on the way from page to page.
    let back = encoded("/playground?from=app");
    browser.open(&format!("{}/sign-in?return_to={back}", service.url));
    browser.until_step("password");
    browser.press("a[href^='/register']");
    browser.until_step("register");
    browser.fill("#register-name", "Bob");
    browser.fill("#register-email", "bob@example.org");
    browser.fill("#register-password", "correct horse battery");
    browser.submit("register");
    browser.until("location.pathname + location.search === '/playground?from=app'");
    browser.until_step("halves");

    // To another origin, of which nothing answers here.
    let answered = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false);
    let answered: ureq::Agent = answered.proxy(None).build().into();
    let go_on = |url: &str| {
        let call = answered.get(format!(
            "http://{}/continue?return_to={}",
            service.running.address,
            encoded(url)
        ));
        let answer = call.call().unwrap();
        (
            answer.status().as_u16(),
            answer.headers()["location"].to_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        go_on("http://app.localhost:9/x"),
        (302, "http://app.localhost:9/x".to_owned())
    );
    for evil in [
        "//evil.localhost",
        "/\\evil.localhost",
        "https://evil.localhost",
        "http://app.localhost:9@evil.localhost",
    ] {
        assert_eq!(go_on(evil), (302, "/account".to_owned()), "{evil}");
    }
}

#[test]
fn another_address_than_the_public_url_is_pointed_out() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]);
    browser.open(&format!(
        "{}/sign-in",
        service.url.replace("localhost", "127.0.0.1")
    ));
    browser.until_step("moved");
    browser.until(&format!(
        "document.querySelector('#moved-to').textContent === {}",
        json!(service.url)
    ));
    browser.press("#moved-to");
    browser.until_step("password");
}

#[test]
fn a_taken_address_leads_to_the_sign_in() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]).with_ann();
    browser.open(&format!("{}/register", service.url));
    browser.until_step("register");
    browser.fill("#register-name", "Ann");
    browser.fill("#register-email", "ann@example.org");
    browser.fill("#register-password", "a password of hers");
    browser.submit("register");
    browser.until("document.querySelector('#taken a') !== null");
    browser.press("#taken a");
    browser.until_step("password");
}

#[test]
fn too_many_attempts_say_when_to_try_again() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--limit-sign-in=1/2m"]).with_ann();
    browser.open(&format!("{}/sign-in?lang=ru", service.url));
    browser.until_step("password");
    for attempt in 0..2 {
        browser.fill("#sign-in-email", "ann@example.org");
        browser.fill("#sign-in-password", "not this one");
        browser.submit("sign-in");
        let word = ["пароль", "через 2 минуты"][attempt];
        browser.until(&format!(
            "document.querySelector('#sign-in .note').textContent.includes({})",
            json!(word)
        ));
    }
    // The language stays.
    browser.open(&format!("{}/register", service.url));
    browser.until("document.documentElement.lang === 'ru'");
}

#[test]
fn signed_in_users_are_led_on() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]).with_ann();
    sign_in(&browser, &service);
    browser.open(&service.url);
    browser.until(SIGNED_IN);
    browser.open(&format!("{}/sign-in", service.url));
    browser.until(SIGNED_IN);
    assert_eq!(browser.complaints(), [""; 0]);
}
