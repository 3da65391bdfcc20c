//! Commands in a page of the documentation, and what the page says that they answer.

use std::process::{Command, Stdio};

/// A command, and what the comment below it promises.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) command: String,
    promise: Option<String>,
}

/// Those in the blocks of shell commands, a line each.
pub(crate) fn steps(markdown: &str) -> Vec<Step> {
    let blocks = markdown.split("```sh\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match line.strip_prefix("# ") {
            Some(promise) => steps.last_mut().unwrap().promise = Some(promise.to_owned()),
            None => steps.push(Step {
                command: line.to_owned(),
                promise: None,
            }),
        }
    }
    steps
}

impl Step {
    /// Runs them in one `shell`, so that variables and files stay. Each must succeed and keep its
    /// promise.
    pub(crate) fn run_all(
        steps: &[Step],
        mut shell: Command,
        adapt: impl Fn(&str) -> String,
    ) -> Result<(), String> {
        // A line of its own parts the outputs.
        let script: Vec<_> = steps
            .iter()
            .map(|step| format!("{}\nended=$?; echo; echo -----$ended", adapt(&step.command)))
            .collect();
        let output = shell
            .args(["-c", &script.join("\n")])
            .env("no_proxy", "*")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let mut rest = &*String::from_utf8(output.stdout).unwrap();
        for step in steps {
            let (output, after) = rest
                .split_once("\n-----")
                .ok_or_else(|| format!("{}: the shell has ended\n{said}", step.command))?;
            let (status, after) = after.split_once('\n').unwrap();
            if status != "0" {
                return Err(format!(
                    "{} ends with {status}\n{output}\n{said}",
                    step.command
                ));
            }
            if let Some(promise) = &step.promise {
                assert_kept(promise, output.trim(), &step.command);
            }
            rest = after;
        }
        Ok(())
    }
}

/// The status, each word in quotation marks, and whether there is a cookie.
fn assert_kept(promise: &str, output: &str, command: &str) {
    let first = output.lines().next().unwrap_or_default();
    let answered = match first.strip_prefix("HTTP/") {
        Some(line) => line.split_once(' ').unwrap().1,
        None => first,
    };
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
    let cookie = output.to_lowercase().contains("\nset-cookie: ");
    assert!(
        cookie || !promise.ends_with("and a cookie"),
        "{command}\n{output}"
    );
    assert!(
        !cookie || !promise.ends_with("and no cookie"),
        "{command}\n{output}"
    );
}
