//! Several tabs of one browser, on a connection that delays responses and loses some.

use serde_json::Value;

use crate::chromium::Browser;
use crate::service::{SIGNED_IN, Service, sign_in};

/// Each answer takes up to a second, and each third is lost after the service has acted. The
/// numbers are those of a small generator, so that a run can be had again.
const BAD_LINE: &str = "
    const real = window.fetch;
    let state = SEED;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    window.lost = 0;
    window.fetch = async (...request) => {
        const [delay, fate] = [random() * 1000, random()];
        const response = await real(...request);
        await new Promise((later) => setTimeout(later, delay));
        if (fate < 0.33) {
            window.lost += 1;
            throw new TypeError('lost on the way');
        }
        return response;
    };";

/// Renews without a pause, with clients of their own beside that of the page.
const RENEW: &str = "
    const { createClient } = await import('/symbolon.js');
    const client = createClient();
    window.tokens = new Set();
    window.ends = [];
    client.onChange(({ signedIn, reason }) => signedIn || window.ends.push(reason));
    const go = async () => {
        for (;;) {
            try {
                window.tokens.add(await client.token());
            } catch (error) {
                // Lost four times in a row: the line, not the session.
                if (error.name !== 'TypeError') window.ends.push(String(error));
            }
        }
    };
    go();
    go();";

const WITHOUT_LOCKS: &str =
    "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });";

fn three_tabs(before: &str) {
    let Some(browser) = Browser::start() else {
        return;
    };
    // A third of the grace is more than an answer takes and the first attempt again waits. Every
    // look at such a short-lived token renews it.
    let service = Service::start(&["--access-ttl", "1s", "--rotation-grace", "6s"]).with_ann();
    let seed = fastrand::u32(1..1_000_000);
    println!("seed {seed}");
    let script = format!("{before};{}", BAD_LINE.replace("SEED", &seed.to_string()));
    sign_in(&browser, &service);
    let mut tabs = vec![browser.this_tab()];
    tabs.extend((0..2).map(|_| browser.new_tab(&service.account())));
    for tab in &tabs {
        browser.turn_to(tab);
        browser.until(SIGNED_IN);
        browser.run(&script);
        browser.run(RENEW);
    }
    let first = browser.refresh_cookie();
    let (mut lost, mut rounds) = (0, 0);
    while lost < 3 || browser.refresh_cookie() == first {
        rounds += 1;
        assert!(
            rounds < 50,
            "{lost} answers were lost, and the session never rotated"
        );
        lost = 0;
        for tab in &tabs {
            browser.turn_to(tab);
            browser.run("window.tokens.clear()");
            browser.until("window.ends.length || window.tokens.size > 1");
            lost += browser.run("return window.lost").as_u64().unwrap();
        }
    }
    for tab in &tabs {
        browser.turn_to(tab);
        assert_eq!(
            browser.run("return window.ends"),
            Value::from(Vec::<Value>::new())
        );
        browser.until(SIGNED_IN);
        assert_eq!(browser.complaints(), [""; 0]);
    }
    let sessions = browser.run(
        "const { createClient } = await import('/symbolon.js');
         for (;;) try { return await createClient().sessions(); } catch {}",
    );
    assert_eq!(sessions.as_array().unwrap().len(), 1, "{sessions}");
}

#[test]
fn three_tabs_on_a_bad_line_stay_signed_in() {
    three_tabs("");
}

#[test]
fn and_where_the_browser_has_no_web_locks() {
    three_tabs(WITHOUT_LOCKS);
}

#[test]
fn what_happens_in_one_tab_is_known_in_all() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[]).with_ann();
    sign_in(&browser, &service);
    let first = browser.this_tab();
    browser.new_tab(&service.account());
    browser.until(SIGNED_IN);
    browser.press("#sign-out");
    browser.turn_to(&first);
    browser.until_step("password");
    browser.until(
        "document.querySelector('#step-password .note').textContent === 'You have signed out.'",
    );
    sign_in(&browser, &service);
    let second = browser.new_tab(&service.account());
    browser.until(SIGNED_IN);
    browser.turn_to(&second);
    assert_eq!(browser.complaints(), [""; 0]);
}
