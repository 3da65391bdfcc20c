use crate::chromium::Browser;
use crate::guide::Guide;

#[test]
fn browsers_sign_in_change_something_and_sign_out() {
    if !crate::are_installed(&["nginx", "caddy"]) {
        return;
    }
    let guide = include_str!("../../../../docs/guides/protect-a-site.md");
    let ports = [
        "8000", "8001", "8002", "8443", "8444", "8445", "8446", "9000",
    ];
    let guide = Guide::follow(guide, &ports).unwrap();
    let Some(browser) = Browser::start() else {
        return;
    };
    for port in ["8443", "8444"] {
        let site = format!("http://localhost:{}", guide.port(port));
        // Not signed in: there and back again.
        browser.open(&format!("{site}/orders?page=2"));
        browser.until_step("password");
        browser.press("a[href^='/register']");
        browser.until_step("register");
        browser.fill("#register-name", "Ann");
        browser.fill("#register-email", "ann@example.org");
        browser.fill("#register-password", "correct horse battery");
        browser.submit("register");
        browser.until("location.pathname + location.search === '/orders?page=2'");
        browser.until("document.querySelector('#user').textContent.length === 36");
        browser.until("!document.querySelector('#cookie').textContent.includes('refreshToken=ey')");

        // A form of the site itself.
        browser.press("form button");
        browser.until("document.querySelector('#what').textContent === 'changed'");

        // A page of another site that posts, and one that only reads.
        browser.open(
            &site
                .replace("localhost", "evil.localhost")
                .replace(guide.port(port), guide.port("9000")),
        );
        let forged = format!(
            "const form = document.createElement('form');
             Object.assign(form, {{ method: 'post', action: '{site}/form' }});
             document.body.append(form);
             form.submit();"
        );
        browser.run(&forged);
        browser.until(&format!("location.href === '{site}/form'"));
        browser.until("!document.body.textContent.includes('changed')");

        // Ended elsewhere: the next page asks to sign in.
        browser.open(&format!("{site}/orders"));
        browser.until("document.querySelector('#user') !== null");
        guide.run(&format!("symbolon session revoke --user $(symbolon user list {0} | awk '/ann@/ {{ print $1 }}') {0}", data_of(port)));
        browser.open(&format!("{site}/orders"));
        browser.until_step("password");
        browser.until("location.search.includes('return_to=')");
    }
    at_other_hosts(&guide, &browser);
}

/// One sign-in is good for the sites on other hosts.
fn at_other_hosts(guide: &Guide, browser: &Browser) {
    let wiki = format!("http://wiki.localhost:{}", guide.port("8445"));
    let shop = format!("http://shop.localhost:{}", guide.port("8446"));
    browser.open(&format!("{wiki}/orders?page=2"));
    browser.until_step("password");
    browser.press("a[href^='/register']");
    browser.until_step("register");
    browser.fill("#register-name", "Ann");
    browser.fill("#register-email", "ann@example.org");
    browser.fill("#register-password", "correct horse battery");
    browser.submit("register");
    browser.until(&format!("location.href === '{wiki}/orders?page=2'"));
    for site in [&wiki, &shop] {
        browser.open(&format!("{site}/orders?page=2"));
        browser.until(&format!("location.href === '{site}/orders?page=2'"));
        browser.until("document.querySelector('#user').textContent.length === 36");
        browser.until("!document.querySelector('#cookie').textContent.includes('Site=ey')");
        browser.press("form button");
        browser.until("document.querySelector('#what').textContent === 'changed'");
    }
    // A page at one site posts to the other.
    browser.open(&format!("{wiki}/orders"));
    browser.run(&format!(
        "const form = document.createElement('form');
         Object.assign(form, {{ method: 'post', action: '{shop}/form' }});
         document.body.append(form);
         form.submit();"
    ));
    browser.until(&format!("location.href === '{shop}/form'"));
    browser.until("!document.body.textContent.includes('changed')");
    guide.run("symbolon session revoke --user $(symbolon user list --data-dir third | awk '/ann@/ { print $1 }') --data-dir third");
    for site in [&wiki, &shop] {
        browser.open(&format!("{site}/orders"));
        browser.until_step("password");
    }
}

/// The data directory of the service behind a proxy.
fn data_of(port: &str) -> &'static str {
    match port {
        "8443" => "",
        _ => "--data-dir second",
    }
}
