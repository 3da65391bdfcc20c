//! Each state of the account page, light and dark and on a phone: axe finds no serious fault.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::account_page::{SIGNED_OUT, sign_in};
use crate::chromium::{Browser, skip};
use crate::service::Service;

#[test]
fn axe_finds_no_serious_fault() {
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
    let service = Service::start(&[]).with_ann();
    // For axe itself; the others run under the page's policy.
    browser.cdp("Page.setBypassCSP", &json!({"enabled": true}));
    let mut looked = 0;
    let mut look = |state: &str| {
        for (theme, width) in [
            ("light", 1100),
            ("dark", 1100),
            ("light", 390),
            ("dark", 390),
        ] {
            let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
            browser.cdp("Emulation.setEmulatedMedia", &scheme);
            let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
            browser.cdp("Emulation.setDeviceMetricsOverride", &size);
            check(&browser, &axe, &format!("{state}-{theme}-{width}"));
            looked += 1;
        }
    };

    browser.open(&service.url);
    browser.until(SIGNED_OUT);
    look("sign-in");
    browser.press("#to-register button");
    look("register");
    browser.press("#to-sign-in button");
    browser.fill("#sign-in-email", "ann@example.org");
    browser.fill("#sign-in-password", "not this one");
    browser.press("#sign-in button");
    browser.until("!document.querySelector('#sign-in .error').hidden");
    look("refused");
    let credentials = json!({"email": "ann@example.org", "password": "correct horse battery"});
    service.running.post("/api/login", &credentials);
    sign_in(&browser, &service);
    look("account");
    assert_eq!(looked, 16);
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
