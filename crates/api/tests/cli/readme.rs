//! The README's tour gives what it says.

use std::process::{Command, Stdio};

use crate::Program;

/// The commands of the tour, each with what the comment below it promises.
fn tour(readme: &str) -> Vec<(String, Option<String>)> {
    let tour = readme.split("## A tour with curl").nth(1).unwrap();
    let tour = tour.split("\n## ").next().unwrap();
    let blocks = tour.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let mut commands: Vec<(String, Option<String>)> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match line.strip_prefix("# ") {
            Some(promise) => {
                commands.last_mut().unwrap().1 = Some(promise.to_owned());
            }
            None => commands.push((line.to_owned(), None)),
        }
    }
    commands
}

#[test]
fn each_command_of_the_tour_answers_as_the_comment_below_it_says() {
    let readme = include_str!("../../../../README.md");
    let program = Program::new();
    let service = program.start(&[]);
    let commands = tour(readme);
    assert!(commands.len() > 15);

    // One shell, so that variables and files stay; a line of its own parts the outputs.
    let script: Vec<_> = commands
        .iter()
        .map(|(command, _)| {
            let command = command
                .replace("localhost:8000", &service.address)
                .replace("target/release/symbolon", env!("CARGO_BIN_EXE_symbolon"));
            format!("{command}\necho; echo -----")
        })
        .collect();
    let output = Command::new("bash")
        .args(["-c", &script.join("\n")])
        .current_dir(program.directory())
        .env("no_proxy", "*")
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let outputs: Vec<_> = output.split("\n-----\n").collect();
    assert_eq!(outputs.len(), commands.len() + 1);

    for ((command, promise), output) in commands.iter().zip(outputs) {
        if let Some(promise) = promise {
            assert_kept(promise, output.trim(), command);
        }
    }
    // Every call of the API is in it.
    let document = program.run(&["openapi"]).out;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    for path in document["paths"].as_object().unwrap().keys() {
        let up_to_a_parameter = path.split('{').next().unwrap();
        let called = format!("localhost:8000{up_to_a_parameter}");
        assert!(
            commands
                .iter()
                .any(|(command, _)| command.contains(&called)),
            "{path}"
        );
    }
}

/// The status, each word in quotation marks, and whether there is a cookie.
fn assert_kept(promise: &str, output: &str, command: &str) {
    let first = output.lines().next().unwrap_or_default();
    let answered = first.strip_prefix("HTTP/1.1 ").unwrap_or(first);
    let status = promise.split(' ').next().unwrap();
    assert!(answered.starts_with(status), "{command}\n{output}");
    for word in promise
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|word| *word != "…")
    {
        assert!(
            output.contains(&format!("\"{word}\"")),
            "{word}\n{command}\n{output}"
        );
    }
    let cookie = output.contains("\nset-cookie: ");
    assert!(
        cookie || !promise.ends_with("and a cookie"),
        "{command}\n{output}"
    );
    assert!(
        !cookie || !promise.ends_with("and no cookie"),
        "{command}\n{output}"
    );
}
