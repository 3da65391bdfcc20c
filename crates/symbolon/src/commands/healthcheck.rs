use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use super::Failed;
use crate::settings::ListenArgs;

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Checks whether the service on this machine is ready: for containers, which have no curl.
pub(super) fn run(arguments: ListenArgs) -> Result<(), Failed> {
    let address = arguments.resolve_alone()?;
    let mut status = Err(ErrorKind::AddrNotAvailable.into());
    for address in reachable(address) {
        status = status_of_ready(address);
        if status.is_ok() {
            break;
        }
    }
    let status =
        status.map_err(|error| Failed::Work(format!("{address} does not answer: {error}")))?;
    match status.as_str() {
        "200" => Ok(()),
        _ => Err(Failed::Work(format!(
            "{address} is not ready: it answered {status}"
        ))),
    }
}

/// A service that listens on all addresses is reachable on the loopback address; `[::]` stands for those of IPv4
/// as well, or for them alone where there is no IPv6.
fn reachable(listen: SocketAddr) -> Vec<SocketAddr> {
    let [v4, v6]: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let ips = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![v4],
        IpAddr::V6(ip) if ip.is_unspecified() => vec![v4, v6],
        ip => vec![ip],
    };
    let at = |ip| SocketAddr::new(ip, listen.port());
    ips.into_iter().map(at).collect()
}

fn status_of_ready(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /health/ready HTTP/1.0\r\n\r\n")?;
    // "HTTP/1.0 200"
    let mut begin = [0; 12];
    stream.read_exact(&mut begin)?;
    Ok(String::from_utf8_lossy(&begin[9..]).into_owned())
}
