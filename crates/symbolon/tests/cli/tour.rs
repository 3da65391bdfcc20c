//! The commands on a page of the documentation, and the results that the page states.

use std::process::{Command, Stdio};

/// A command, and the result that the comment below it promises.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) command: String,
    promise: Option<String>,
}

/// The commands in the `sh` blocks, one per line.
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
    /// Runs them in one `shell`, so that variables are kept. Each must succeed and keep its promise.
    pub(crate) fn run_all(
        steps: &[Step],
        mut shell: Command,
        adapt: impl Fn(&str) -> String,
    ) -> Result<(), String> {
        // A separate line divides the outputs.
        let mut waits = false;
        let script: Vec<_> = steps
            .iter()
            .map(|step| {
                let command = match waits {
                    true => step.until_kept(&adapt(&step.command)),
                    false => adapt(&step.command),
                };
                waits = step.command.starts_with("sleep ");
                format!("{command}\nended=$?; echo; echo -----$ended")
            })
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
                .ok_or_else(|| format!("{}: the shell ended\n{said}", step.command))?;
            let (status, after) = after.split_once('\n').unwrap();
            if status != "0" {
                return Err(format!(
                    "{} exited with {status}\n{output}\n{said}",
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

    /// The command after a `sleep`, repeated for up to a minute: on a busy machine, what the page
    /// waits for can take longer than the page says.
    fn until_kept(&self, command: &str) -> String {
        let promise = self.promise.as_deref().unwrap_or_default();
        let status = promise.split(' ').next().unwrap();
        format!(
            "for attempt in $(seq 120); do output=$({command}); ended=$?\n\
             case \"$ended $output\" in 0\\ HTTP/1.1\\ {status}*|0\\ {status}*) break;; esac\n\
             sleep 0.5; done\n\
             printf '%s\\n' \"$output\"; (exit $ended)"
        )
    }
}

/// Compares the status, each word in quotation marks, and whether a cookie is set.
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
