//! Mailed links and codes, from the page that asks to the one that is reached.

use serde_json::json;

use crate::chromium::Browser;
use crate::service::{SIGNED_IN, Service, sign_in};

const LANGUAGE: &str = "return document.documentElement.lang";

/// What mail scanners and previews do: they fetch the link, and some run its scripts.
fn prefetch(service: &Service, link: &str) {
    let page = link.split('#').next().unwrap().replace(&service.url, "");
    let agent = ureq::Agent::config_builder().proxy(None).build();
    let agent: ureq::Agent = agent.into();
    let url = format!("http://{}{page}", service.running.address);
    assert_eq!(agent.get(&url).call().unwrap().status(), 200);
    assert_eq!(agent.head(&url).call().unwrap().status(), 200);
    let Some(scanner) = Browser::start() else {
        return;
    };
    scanner.open(link);
    scanner.until("document.querySelector('main > section:not([hidden])') !== null");
}

#[test]
fn a_forgotten_password_is_set_by_code() {
    set_a_forgotten_password("en");
}

#[test]
fn a_forgotten_password_is_set_by_code_in_russian() {
    set_a_forgotten_password("ru");
}

fn set_a_forgotten_password(language: &str) {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]).with_ann();
    browser.open(&format!("{}/sign-in?lang={language}", service.url));
    browser.until_step("password");
    browser.press("a[href^='/forgot-password']");
    browser.until("document.querySelector('#forgot') !== null");
    browser.fill("#forgot-email", "ann@example.org");
    browser.submit("forgot");
    browser.until("document.querySelector('#reset-code, #code-code, [autocomplete=one-time-code]')?.offsetParent != null");
    browser.fill(
        "[autocomplete=one-time-code]",
        &service.mail("reset_password").code,
    );
    browser.fill("[autocomplete=new-password]", "another horse battery");
    browser.press("form:has([autocomplete=new-password]) button:not([type])");
    browser.until(SIGNED_IN);
    assert_eq!(browser.run(LANGUAGE), language);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_forgotten_password_is_set_by_link_in_another_browser() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]).with_ann();
    let asked =
        json!({ "email": "ann@example.org", "return_to": format!("{}/playground", service.url) });
    service.running.post("/api/password/forgot", &asked);
    let mail = service.mail("reset_password");
    prefetch(&service, &mail.link);
    browser.open(&mail.link);
    browser.until_step("link");
    browser.fill("#reset-new", "another horse battery");
    browser.submit("reset");
    browser.until("location.pathname === '/playground'");
    browser.until_step("halves");
    // It is used up.
    browser.open("about:blank");
    browser.open(&mail.link);
    browser.until_step("invalid");
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn an_address_is_confirmed_by_a_press_and_not_by_a_visit() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--email-verification=required"]).with_ann();
    let mail = service.mail("verify_email");
    prefetch(&service, &mail.link);
    let credentials = json!({ "email": "ann@example.org", "password": "correct horse battery" });
    let unverified =
        || service.running.post("/api/login", &credentials)["code"] == "email_unverified";
    assert!(unverified());
    // Whoever reads it in another browser may not have registered: they see the code, which is for that one.
    let mail = service.mail("verify_email");
    browser.open(&mail.link);
    browser.until_step("other");
    browser.until(&format!(
        "document.querySelector('.digits').textContent === {}",
        json!(mail.code)
    ));
    // Signing in here asks for a mail here.
    browser.open(&format!("{}/sign-in", service.url));
    browser.until_step("password");
    browser.fill("#sign-in-email", "ann@example.org");
    browser.fill("#sign-in-password", "correct horse battery");
    browser.submit("sign-in");
    browser.until_step("code");
    browser.open(&service.mail("verify_email").link);
    browser.until_step("link");
    browser.until(
        "document.querySelector('#verify').textContent.includes('ann@example.org')
        || document.querySelector('#step-link').textContent.includes('ann@example.org')",
    );
    browser.submit("verify");
    browser.until_step("done");
    assert!(!unverified());
}

#[test]
fn who_registers_where_it_is_required_confirms_by_code() {
    register_and_confirm("en");
}

#[test]
fn who_registers_where_it_is_required_confirms_by_code_in_russian() {
    register_and_confirm("ru");
}

fn register_and_confirm(language: &str) {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--email-verification=required"]);
    browser.open(&format!("{}/register?lang={language}", service.url));
    browser.until_step("register");
    browser.fill("#register-name", "Ann");
    browser.fill("#register-email", "ann@example.org");
    browser.fill("#register-password", "correct horse battery");
    browser.submit("register");
    browser.until_step("code");
    browser.fill("#code-code", &service.mail("verify_email").code);
    browser.submit("code");
    browser.until(SIGNED_IN);
    assert_eq!(browser.run(LANGUAGE), language);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_mailed_code_signs_in_where_it_was_asked_for_and_a_link_elsewhere_shows_it() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--sign-in-by-mail=on"]);
    let ann =
        json!({ "name": "Анна", "email": "ann@example.org", "password": "correct horse battery" });
    assert!(service.running.post_in("ru", "/api/register", &ann)["id"].is_string());
    browser.open(&format!("{}/sign-in?lang=ru", service.url));
    browser.until_step("password");
    browser.fill("#sign-in-email", "ann@example.org");
    browser.press("#to-code");
    browser.until_step("code");
    let mail = service.mail("sign_in");
    assert!(mail.subject.starts_with("Код для входа"), "{mail:?}");
    let Some(elsewhere) = Browser::start() else {
        return;
    };
    elsewhere.open(&mail.link);
    elsewhere.until_step("other");
    elsewhere.until(&format!(
        "document.querySelector('.digits').textContent === {}",
        json!(mail.code)
    ));
    browser.fill("#code-code", &mail.code);
    browser.submit("code");
    browser.until(SIGNED_IN);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn an_invitation_is_taken_up() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&["--registration=closed"]);
    service.run(&[
        "user",
        "invite",
        "--email",
        "cy@example.org",
        "--locale",
        "en",
    ]);
    browser.open(&service.mail("invitation").link);
    browser.until_step("link");
    browser.fill("#invitation-name", "Cy");
    browser.fill("#invitation-password", "correct horse battery");
    browser.submit("invitation");
    browser.until(SIGNED_IN);
    browser.until("document.querySelector('#profile-name').value === 'Cy'");
}

#[test]
fn a_change_of_the_address_is_proven_and_taken_back() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let url = format!("--mail-url=file:{}", out.path().display());
    let service = Service::start(&[&url, "--mail-from=no-reply@example.org"]).with_ann();
    // Only an address that was proven is told how to take the change back.
    sign_in(&browser, &service);
    browser.press("#send");
    browser.until("document.querySelector('#code').hidden === false");
    browser.fill("#code-code", &service.sent("verify_email").code);
    browser.submit("code");
    browser.until("document.querySelector('#confirmed').hidden === false");
    browser.run("document.querySelector('#email-change').closest('details').open = true");
    browser.fill("#email-change-email", "new@example.org");
    browser.fill("#email-change-password", "correct horse battery");
    browser.submit("email-change");
    browser.until("document.querySelector('#code').hidden === false");
    browser.fill("#code-code", &service.sent("change_email").code);
    browser.submit("code");
    browser.until("document.querySelector('#email').textContent === 'new@example.org'");
    browser.open(&service.sent("email_changed").link);
    browser.until_step("link");
    browser.submit("undo");
    browser.until_step("done");
    browser.open(&service.account());
    browser.until_step("password");
    assert_eq!(browser.complaints(), [""; 0]);
}
