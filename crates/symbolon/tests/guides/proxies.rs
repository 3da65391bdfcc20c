use crate::chromium::Browser;
use crate::guide::Guide;

#[test]
fn behind_nginx_and_caddy_the_cookie_is_the_hosts_own() {
    if !crate::are_installed(&["nginx", "caddy", "openssl"]) {
        return;
    }
    let guide = include_str!("../../../../docs/guides/nginx-and-caddy.md");
    let guide = Guide::follow(guide, &["8000", "8443", "8444"]).unwrap();
    let Some(browser) = Browser::start() else {
        return;
    };
    for port in ["8443", "8444"] {
        browser.open(&format!("https://app.localhost:{}", guide.port(port)));
        browser.until("window.client");
        let user = browser.run(
            "await client.login({ email: 'eve@example.org', password: 'a sentence of my own' });
             return client.user();",
        );
        assert_eq!(user["name"], "Eve");
        let cookie = browser.cookie("__Host-refreshToken");
        assert_eq!((cookie.secure, cookie.http_only), (Some(true), Some(true)));
        browser.reload();
        browser.until("window.client");
        assert_eq!(browser.run("return client.user()")["name"], "Eve");
        let address = browser.run("return (await client.sessions())[0].ip");
        assert_eq!(address, "127.0.0.1");
        assert_eq!(browser.complaints(), [""; 0]);
        browser.run("await client.logout()");
    }
}
