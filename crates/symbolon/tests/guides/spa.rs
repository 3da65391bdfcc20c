use crate::chromium::Browser;
use crate::guide::Guide;

#[test]
fn the_front_end_signs_in_and_stays_signed_in() {
    let guide = include_str!("../../../../docs/guides/spa-on-another-origin.md");
    let guide = Guide::follow(guide, &["8000", "9000"]).unwrap();
    let Some(browser) = Browser::start() else {
        return;
    };
    browser.register_ann(&format!("http://localhost:{}", guide.port("8000")));
    browser.press("#sign-out");
    browser.until_step("password");

    browser.open(&format!("http://localhost:{}", guide.port("9000")));
    browser.until("!document.querySelector('#sign-in').hidden");
    browser.fill("[name=email]", "ann@example.org");
    browser.fill("[name=password]", "correct horse battery");
    browser.press("#sign-in button");
    let hello = "document.querySelector('#hello').textContent === 'Hello, Ann.'";
    browser.until(hello);
    browser.reload();
    browser.until(hello);
    browser.press("#sign-out");
    browser.until("document.querySelector('#hello').textContent === 'Signed out: logout'");
}
