//! `examples/notes`.

use std::process::Command;

use crate::chromium::Browser;
use crate::guide::Guide;

/// What `examples/notes/run` starts, on free ports.
const NOTES: &str = "
```sh
# In a shell of its own, on port 8000
symbolon serve --allowed-origins http://localhost:9000
```

```sh
# In a shell of its own, on port 9000
IDENTITY_URL=http://localhost:8000 NOTES_LISTEN=127.0.0.1:9000 $EXAMPLES/notes
```
";

#[test]
fn notes_are_kept_for_the_one_who_is_signed_in() {
    let run = include_str!("../../../../examples/notes/run");
    assert!(run.contains("symbolon serve --allowed-origins http://localhost:9000"));
    let guide = Guide::follow(NOTES, &["8000", "9000"]).unwrap();
    let notes = format!("http://localhost:{}", guide.port("9000"));
    let curl = Command::new("curl")
        .args([
            "--silent",
            "--noproxy",
            "*",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
        ])
        .args([
            "--header",
            "Authorization: Bearer forged",
            &format!("{notes}/notes"),
        ])
        .output();
    assert_eq!(curl.unwrap().stdout, b"401");

    let Some(browser) = Browser::start() else {
        return;
    };
    browser.register_ann(&format!("http://localhost:{}", guide.port("8000")));
    browser.open(&notes);
    browser.until("document.querySelector('#name').textContent === 'Ann'");
    browser.fill("[name=note]", "Buy bread");
    browser.press("#add button");
    let kept = "document.querySelector('#notes').textContent === 'Buy bread'";
    browser.until(kept);
    browser.reload();
    browser.until(kept);
    browser.press("#sign-out");
    browser.until("!document.querySelector('#sign-in').hidden");
    assert_eq!(browser.complaints(), [""; 0]);
}
