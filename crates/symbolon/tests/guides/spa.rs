use crate::chromium::Browser;
use crate::guide::Guide;

#[test]
fn the_front_end_signs_in_and_stays_signed_in() {
    let guide = include_str!("../../../../docs/guides/spa-on-another-origin.md");
    let guide = Guide::follow(guide, &["8000", "9000"]).unwrap();
    let Some(browser) = Browser::start() else {
        return;
    };
    let place = format!("http://localhost:{}", guide.port("9000"));
    browser.open(&place);
    browser.until("!document.querySelector('#sign-in').hidden");
    browser.press("#sign-in");
    browser.until_step("password");
    browser.press("a[href^='/register']");
    browser.until_step("register");
    browser.fill("#register-name", "Ann");
    browser.fill("#register-email", "ann@example.org");
    browser.fill("#register-password", "correct horse battery");
    browser.submit("register");
    let hello = "document.querySelector('#hello')?.textContent === 'Hello, Ann.'";
    browser.until(hello);
    browser.reload();
    browser.until(hello);
    browser.press("#sign-out");
    browser.until("document.querySelector('#hello').textContent === 'Signed out: logout'");

    browser.open(&format!("{place}/form.html"));
    browser.fill("[name=email]", "ann@example.org");
    browser.fill("[name=password]", "not the password");
    browser.press("#sign-in button");
    browser.until("document.querySelector('#problem').textContent !== ''");
    browser.fill("[name=password]", "correct horse battery");
    browser.press("#sign-in button");
    browser.until(hello);
}
