//! Raw requests, which a client library would refuse to send.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::service::Service;

pub(crate) fn raw(service: &Service, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(service.base.trim_start_matches("http://")).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}
