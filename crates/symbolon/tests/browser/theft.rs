//! A copied cookie: when both copies are used, the session is revoked and its owner is told why.

use crate::chromium::Browser;
use crate::service::{Service, sign_in};

#[test]
fn a_copied_cookie_revokes_the_session_and_the_page_says_why() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[
        "--access-ttl",
        "1s",
        "--rotation-grace",
        "1ms",
        "--late-replay-every",
        "0s",
    ])
    .with_ann();
    sign_in(&browser, &service);
    browser.open(&format!("{}/playground", service.url));
    let stolen = browser.refresh_cookie();
    browser.until("document.querySelectorAll('#renewals li').length > 2");
    assert_ne!(browser.refresh_cookie(), stolen);

    let (status, problem) = renew(&service, &stolen);

    assert_eq!(
        (status, problem["code"].as_str()),
        (401, Some("refresh_reused"))
    );
    browser.until_step("out");
    let (status, problem) = renew(&service, &browser.refresh_cookie());
    assert_eq!((status, problem["reason"].as_str()), (401, Some("reuse")));
    browser.open(&format!("{}/account", service.url));
    browser.until_step("password");
    browser
        .until("document.querySelector('#step-password .note').textContent.includes('two places')");
}

fn renew(service: &Service, cookie: &str) -> (u16, serde_json::Value) {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None);
    let agent: ureq::Agent = config.build().into();
    let call = agent
        .post(format!(
            "http://{}/api/refresh_all",
            service.running.address
        ))
        .header("cookie", format!("refreshToken={cookie}"));
    let mut answer = call.send_empty().unwrap();
    let body = answer.body_mut().read_to_string().unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_str(&body).unwrap(),
    )
}
