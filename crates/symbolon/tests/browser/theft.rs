//! A copied cookie: when both copies are used, the session is revoked and its owner is told why.

use crate::account_page::{SIGNED_OUT, sign_in};
use crate::chromium::Browser;
use crate::service::Service;

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
    let stolen = browser.refresh_cookie();
    browser.until("document.querySelectorAll('#renewals li').length > 2");
    assert_ne!(browser.refresh_cookie(), stolen);

    let (status, problem) = renew(&service, &stolen);

    assert_eq!(
        (status, problem["code"].as_str()),
        (401, Some("refresh_reused"))
    );
    browser.until(SIGNED_OUT);
    browser.until("document.querySelector('#notice').textContent.includes('used from two places')");
    let (status, problem) = renew(&service, &browser.refresh_cookie());
    assert_eq!((status, problem["reason"].as_str()), (401, Some("reuse")));
    // A tab that is opened later shows it as well.
    browser.reload();
    browser.until("document.querySelector('#notice').textContent.includes('used from two places')");
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
