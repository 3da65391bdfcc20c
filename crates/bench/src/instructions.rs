//! Instructions per verification, under valgrind: they do not depend on what else the machine does.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use tempfile::TempDir;

use crate::hello::Hello;
use crate::symbolon::Symbolon;

const REQUESTS: u64 = 2000;

/// Prints a table of the instructions per request, of one connection.
pub(crate) fn measure() -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|why| why.to_string())?;
    println!("| instructions per request | |\n| --- | ---: |");
    for algorithm in ["HS512", "ES256"] {
        let service = Symbolon::start_under(&callgrind(&directory), None, algorithm)?;
        let request = request("/api/verify", &service.access_token()?);
        let number = count(&directory, service.process(), &service.address, &request)?;
        println!("| GET /api/verify, {algorithm}, a token seen before | {number} |");
    }
    let hello = Hello::start_under(&callgrind(&directory))?;
    let token = "x".repeat(600);
    for (path, name) in [
        ("/", "hello-world"),
        ("/same", "hello-world with the bytes of verify"),
    ] {
        let request = request(path, if path == "/" { "" } else { &token });
        let number = count(&directory, hello.process(), &hello.address, &request)?;
        println!("| {name} | {number} |");
    }
    Ok(())
}

fn callgrind(directory: &TempDir) -> Vec<String> {
    let out = directory.path().join("out");
    let out = format!("--callgrind-out-file={}", out.display());
    [
        "valgrind",
        "--quiet",
        "--tool=callgrind",
        "--instr-atstart=no",
        &out,
    ]
    .map(str::to_owned)
    .to_vec()
}

fn request(path: &str, token: &str) -> String {
    let authorization = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}\r\n")
}

fn count(directory: &TempDir, process: u32, address: &str, request: &str) -> Result<u64, String> {
    let mut stream = TcpStream::connect(address).map_err(|why| why.to_string())?;
    for _ in 0..50 {
        exchange(&mut stream, request)?;
    }
    control(&["--zero"], process)?;
    control(&["--instr=on"], process)?;
    for _ in 0..REQUESTS {
        exchange(&mut stream, request)?;
    }
    control(&["--instr=off"], process)?;
    control(&["--dump"], process)?;
    let mut total = None;
    for file in fs::read_dir(directory.path()).map_err(|why| why.to_string())? {
        let path = file.map_err(|why| why.to_string())?.path();
        let text = fs::read_to_string(&path).map_err(|why| why.to_string())?;
        let line = text
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("totals: "));
        total = total.max(line.and_then(|number| number.trim().parse::<u64>().ok()));
        fs::remove_file(&path).map_err(|why| why.to_string())?;
    }
    total
        .map(|total| total / REQUESTS)
        .ok_or("callgrind wrote nothing".to_owned())
}

/// Sends a request and reads the whole answer, which is short.
fn exchange(stream: &mut TcpStream, request: &str) -> Result<(), String> {
    let failed = |why: std::io::Error| why.to_string();
    stream.write_all(request.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece).map_err(failed)?;
        answer.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&answer);
        if read == 0 || !text.starts_with("HTTP/1.1 200") {
            return Err(format!("no success: {text}"));
        }
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len().to_string() == length.unwrap_or("0") {
            return Ok(());
        }
    }
}

fn control(arguments: &[&str], process: u32) -> Result<(), String> {
    let output = Command::new("callgrind_control")
        .args(arguments)
        .arg(process.to_string())
        .output()
        .map_err(|why| format!("valgrind is not installed: {why}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
