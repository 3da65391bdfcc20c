//! Front ends on other origins, one allowed and one not.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::chromium::Browser;
use crate::service::Service;

/// A host with an empty page, until the test ends. Returns its origin.
fn front_end() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let _ = connection.and_then(|connection| answer(&connection));
        }
    });
    format!("http://localhost:{port}")
}

fn answer(mut connection: &TcpStream) -> std::io::Result<()> {
    for line in BufReader::new(connection).lines() {
        if line?.is_empty() {
            break;
        }
    }
    let page = "<!doctype html><title>A front end</title>";
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    )
}

#[test]
fn an_allowed_one_has_it_all_and_another_nothing() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let (allowed, stranger) = (front_end(), front_end());
    let service = Service::start(&["--allowed-origins", &allowed]).with_ann();
    let client = format!(
        "const {{ createClient }} = await import('{0}/symbolon.js');
         const client = createClient({{ baseUrl: '{0}' }});",
        service.url
    );

    browser.open(&allowed);
    let user = browser.run(&format!(
        "{client}
         await client.login({{ email: 'ann@example.org', password: 'correct horse battery' }});
         return client.user();"
    ));
    assert_eq!(user["name"], "Ann");
    browser.reload();
    let me = browser.run(&format!(
        "{client} return (await client.fetch('{}/api/me')).json();",
        service.url
    ));
    assert_eq!(me["user"]["name"], "Ann", "the cookie came along");

    // The browser has the cookie, and adds it to what this page sends. (Same site, other origin.)
    browser.open(&stranger);
    let refused = browser.run(&format!(
        "try {{ {client} return 'the module'; }} catch {{}}
         const call = (path, init) => fetch('{0}' + path, {{ credentials: 'include', ...init }});
         try {{ return await (await call('/api/refresh_all', {{ method: 'POST' }})).text(); }} catch {{}}
         try {{ return await (await call('/api/me')).text(); }} catch {{}}
         await call('/api/logout', {{ method: 'POST', mode: 'no-cors' }});
         return null;",
        service.url
    ));
    assert_eq!(refused, serde_json::Value::Null);

    browser.open(&allowed);
    let user = browser.run(&format!("{client} return client.user();"));
    assert_eq!(user["name"], "Ann", "a stranger's page cannot sign her out");
}
