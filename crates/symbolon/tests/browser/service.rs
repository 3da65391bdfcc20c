use crate::program::{Program, Running};

/// A service on localhost, with a database of its own.
pub(crate) struct Service {
    pub(crate) running: Running,
    /// As in `http://localhost:12345`.
    pub(crate) url: String,
    _program: Program,
}

impl Service {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let program = Program::new();
        let running = program.start(arguments);
        let (_, port) = running.address.rsplit_once(':').unwrap();
        Self {
            url: format!("http://localhost:{port}"),
            running,
            _program: program,
        }
    }

    /// Adds Ann, whose password is `correct horse battery`.
    pub(crate) fn with_ann(self) -> Self {
        let ann = serde_json::json!({
            "name": "Ann", "email": "ann@example.org", "password": "correct horse battery",
        });
        assert!(self.running.post("/api/register", &ann)["id"].is_string());
        self
    }
}
