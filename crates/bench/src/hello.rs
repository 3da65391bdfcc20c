//! A bare actix hello-world in a process of its own: the limit of the framework itself.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use actix_web::{App, HttpResponse, HttpServer, web};

/// Serves until it is killed.
pub(crate) fn serve() {
    actix_rt::System::new().block_on(async {
        let hello = || async { "hello" };
        let server = HttpServer::new(move || {
            App::new()
                .route("/", web::get().to(hello))
                .route("/same", web::get().to(same))
        });
        let server = server.bind("127.0.0.1:0").expect("a free port");
        println!("{}", server.addrs()[0]);
        server.run().await.expect("it serves");
    });
}

/// The headers of `GET /api/verify`.
async fn same() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("x-user-id", "7"))
        .insert_header(("x-session-id", "01a21c20-a1b9-732b-b33b-30f9b0b93cdc"))
        .insert_header(("x-request-id", "CynXqIc5-32"))
        .insert_header(("cache-control", "no-store"))
        .finish()
}

/// A running hello-world.
pub(crate) struct Hello {
    child: Child,
    pub(crate) address: String,
}

impl Hello {
    pub(crate) fn start() -> Result<Self, String> {
        Self::start_under(&[])
    }

    /// Starts it as the argument of another program.
    pub(crate) fn start_under(wrapper: &[String]) -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|why| why.to_string())?;
        let mut child = wrapped(wrapper, program)
            .arg("hello")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| why.to_string())?;
        let mut address = String::new();
        let out = child.stdout.as_mut().expect("it is piped");
        let read = BufReader::new(out).read_line(&mut address);
        read.map_err(|why| why.to_string())?;
        Ok(Self {
            child,
            address: address.trim().to_owned(),
        })
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

/// A program, or another one whose argument it is.
pub(crate) fn wrapped(wrapper: &[String], program: PathBuf) -> Command {
    match wrapper.split_first() {
        None => Command::new(program),
        Some((other, arguments)) => {
            let mut command = Command::new(other);
            command.args(arguments).arg(program);
            command
        }
    }
}

impl Drop for Hello {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
