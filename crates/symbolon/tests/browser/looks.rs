//! Each state of the hosted pages, in both languages and themes, on a phone and on a desk: axe finds no serious
//! fault.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::chromium::{Browser, skip};
use crate::service::{Service, sign_in};

/// Theme and width.
type Look = (&'static str, u32);

#[test]
fn axe_finds_no_serious_fault_in_english() {
    look_at_all("en", [("light", 1100), ("dark", 390)]);
}

#[test]
fn axe_finds_no_serious_fault_in_russian() {
    look_at_all("ru", [("dark", 1100), ("light", 390)]);
}

fn look_at_all(language: &str, looks: [Look; 2]) {
    let axe = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/browser/node_modules/axe-core/axe.min.js"
    );
    let Ok(axe) = fs::read_to_string(axe) else {
        return skip(&format!(
            "{axe} is not there: run npm install in tests/browser"
        ));
    };
    let Some(browser) = Browser::start() else {
        return;
    };
    let service = Service::start(&[
        "--email-verification=optional",
        "--sign-in-by-mail=on",
        "--brand-name=Acme Notes",
        "--terms-url=https://acme.example/terms",
        "--privacy-url=https://acme.example/privacy",
    ])
    .with_ann();
    // For axe itself; the others run under the page's policy.
    browser.cdp("Page.setBypassCSP", &json!({"enabled": true}));
    let look = |state: &str| {
        for (theme, width) in looks {
            let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
            browser.cdp("Emulation.setEmulatedMedia", &scheme);
            let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
            browser.cdp("Emulation.setDeviceMetricsOverride", &size);
            check(
                &browser,
                &axe,
                &format!("{state}-{language}-{theme}-{width}"),
            );
        }
    };
    let open = |page: &str| browser.open(&format!("{}/{page}", service.url));

    open(&format!("sign-in?lang={language}"));
    browser.until_step("password");
    look("sign-in");
    browser.fill("#sign-in-email", "ann@example.org");
    browser.fill("#sign-in-password", "not this one");
    browser.submit("sign-in");
    browser.until("document.querySelector('#sign-in .note').textContent !== ''");
    look("refused");
    browser.press("#to-code");
    browser.until_step("code");
    look("code");
    for (page, step) in [
        ("register", "register"),
        ("forgot-password", "ask"),
        ("playground", "out"),
        ("reset-password", "invalid"),
    ] {
        open(page);
        browser.until_step(step);
        look(page);
    }
    open("register");
    browser.until_step("register");
    browser.submit("register");
    browser.until("document.querySelectorAll('[aria-invalid]').length === 3");
    look("register-refused");
    look_at_links(&browser, &service, look);
    look_at_account(&browser, &service, look);
}

/// The pages of mailed links.
fn look_at_links(browser: &Browser, service: &Service, look: impl Fn(&str)) {
    let asked = json!({ "email": "ann@example.org" });
    service.running.post("/api/password/forgot", &asked);
    service.run(&["user", "invite", "--email", "cy@example.org"]);
    for kind in ["verify_email", "reset_password", "invitation"] {
        browser.open("about:blank");
        browser.open(&service.mail(kind).link);
        // The address belongs to whoever registered, which was not this browser.
        browser.until_step(if kind == "verify_email" {
            "other"
        } else {
            "link"
        });
        look(kind);
    }
}

/// What users see who are signed in.
fn look_at_account(browser: &Browser, service: &Service, look: impl Fn(&str)) {
    sign_in(browser, service);
    browser.run("document.querySelector('#show-events').scrollIntoView()");
    browser.until("document.querySelectorAll('#events li').length > 0");
    look("account");
    browser.run("scrollTo(0, 0)");
    look("account-top");
    browser.press("#to-delete");
    browser.until("document.querySelector('#delete-dialog').open");
    look("delete");
    browser.open(&format!("{}/playground", service.url));
    browser.until("document.querySelectorAll('#renewals li').length > 0");
    look("halves");
}

fn check(browser: &Browser, axe: &str, name: &str) {
    let width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
    browser.until(width);
    let faults = browser.run(&format!(
        "if (!window.axe) {{ {axe} }}
         const {{ violations }} = await axe.run();
         return violations.map(({{ impact, help, nodes }}) => ({{ impact, help, nodes: nodes.map((node) => node.html) }}));"
    ));
    if let Some(file) = picture(name) {
        browser.screenshot(&file);
    }
    let faults = faults.as_array().unwrap().iter();
    let serious =
        faults.filter(|fault| fault["impact"] != "minor" && fault["impact"] != "moderate");
    let serious: Vec<_> = serious.collect();
    assert!(serious.is_empty(), "{name}: {serious:#?}");
}

/// Where the picture goes, if pictures are wanted.
fn picture(name: &str) -> Option<PathBuf> {
    let folder = env::var_os("SCREENSHOTS")?;
    fs::create_dir_all(&folder).unwrap();
    Some(Path::new(&folder).join(format!("{name}.png")))
}
