//! Follows the tour in the documentation.

use std::process::Command;

use crate::Program;
use crate::tour::{Step, steps};

#[test]
fn each_command_of_the_tour_answers_as_the_comment_below_it_says() {
    let tour = steps(include_str!("../../../../docs/tour.md"));
    let program = Program::new();
    let service = program.start(&[]);
    assert!(tour.len() > 15);

    let mut shell = Command::new("bash");
    shell.current_dir(program.directory());
    let went = Step::run_all(&tour, shell, |command| {
        command
            .replace("localhost:8000", &service.address)
            .replace("target/release/symbolon", env!("CARGO_BIN_EXE_symbolon"))
    });
    went.unwrap();

    // It contains every call of the API.
    let document = program.run(&["openapi"]).out;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    for path in document["paths"].as_object().unwrap().keys() {
        let up_to_a_parameter = path.split('{').next().unwrap();
        let called = format!("localhost:8000{up_to_a_parameter}");
        assert!(
            tour.iter().any(|step| step.command.contains(&called)),
            "{path}"
        );
    }
}
