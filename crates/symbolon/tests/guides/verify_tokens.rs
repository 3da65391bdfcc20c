use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::guide::Guide;

/// A program of the guide, that reads tokens and prints whose each is.
struct Verifier {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Verifier {
    fn start(guide: &Guide, command: &str) -> Self {
        let mut shell = guide.shell();
        let shell = shell.args(["-c", &format!("exec {command}")]);
        let mut child = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn verify(&mut self, token: &str) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{token}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim().to_owned()
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn pyjwt_jose_and_jwt_core_verify_our_tokens_across_a_rotation() {
    let text = include_str!("../../../../docs/guides/verify-tokens.md");
    let Some(guide) = Guide::follow(text, &["8000", "9000"]) else {
        return;
    };
    let token = || {
        guide.run(
            "curl -s localhost:8000/api/tokens -H \"Authorization: Bearer $(cat service.key)\" \
             -H 'Content-Type: application/json' -d '{\"id\":7}' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/'",
        )
    };
    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    let mut python = Verifier::start(&guide, "venv/bin/python verify.py");
    let mut node = Verifier::start(&guide, "node verify.mjs");
    let mut is_good = |token: &str| {
        let status = "curl -s -o /dev/null -w '%{http_code}' localhost:9000/orders -H";
        let status = guide.run(&format!("{status} 'Authorization: Bearer {token}'"));
        let told = [python.verify(token), node.verify(token), status];
        told == ["7", "7", "200"]
    };
    let first = token();
    assert!(is_good(&first));

    // All have fetched the keys by now. The next one is published, and then signs.
    guide.run("symbolon keys rotate --key-publish-ahead 3s");
    let second = (0..100).map(|_| {
        sleep(Duration::from_millis(100));
        token()
    });
    let second = second.into_iter().find(|token| kid(token) != kid(&first));
    let second = second.expect("the new key signs");

    // For a key that it does not know, the example asks again ten seconds after it did, PyJWT
    // thirty: keys are published for three hours before they sign, unless one is in a hurry.
    let mut attempts = (0..300).map(|_| {
        sleep(Duration::from_millis(100));
        is_good(&second)
    });
    assert!(attempts.any(|is_good| is_good));
    assert!(is_good(&first), "it has not expired");
}

#[test]
fn the_excerpt_is_of_the_example() {
    let program = include_str!("../../../../examples/verify/main.rs");
    let guide = include_str!("../../../../docs/guides/verify-tokens.md");
    let excerpt = guide.split("```rust\n").nth(1).unwrap();
    assert!(program.contains(excerpt.split("```").next().unwrap()));
}
