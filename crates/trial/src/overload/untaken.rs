//! Whether clients are given up that ask for much and never read: by the state of its sockets, once
//! the time is over that an answer may take to be taken.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::frame;
use crate::report::say;

/// Clients that never read; every second one speaks HTTP/2.
const CLIENTS: usize = 100;
/// What each takes before the system of the service has to keep the rest.
const TINY: u32 = 4 * 1024;
/// Requests that each sends: together their answers are tens of megabytes, more than a system
/// takes over.
const ASKS: u32 = 200;
/// How long a client may take to send them; from then on nobody reads them either.
const SEND: Duration = Duration::from_millis(100);
/// A connection whose ends are both open, as the system writes it.
const ESTABLISHED: &str = "01";

/// Opens the connections, and looks at them when the service has to have closed them.
///
/// # Errors
/// Some are still open.
pub(super) async fn check(address: SocketAddr, bound: Duration) -> anyhow::Result<()> {
    let clients = (0..CLIENTS).map(|number| ask(address, number));
    let clients = try_join_all(clients).await.context("a client that never reads")?;
    let before = open(address, &clients).await?;
    ensure!(before == CLIENTS, "{before} of {CLIENTS} connections were ever open");
    sleep(bound).await;
    let left = open(address, &clients).await?;
    say(format!("never reading | {left} of {CLIENTS} connections open after {bound:?}"));
    ensure!(left == 0, "{left} of {CLIENTS} connections are open after {bound:?}");
    Ok(())
}

async fn ask(address: SocketAddr, number: usize) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(TINY)?;
    let mut stream = socket.connect(address).await?;
    let asks = if number.is_multiple_of(2) {
        b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(ASKS as usize)
    } else {
        let fields: [(&str, &str); 4] = [
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/openapi.json"),
            (":authority", "localhost"),
        ];
        let fields: Vec<u8> =
            fields.iter().flat_map(|(name, value)| frame::field(name, value)).collect();
        let asks = (0..ASKS).flat_map(|number| frame::request(1 + 2 * number, &fields));
        frame::BEGIN.iter().copied().chain(asks).collect()
    };
    // Once the answers find no room, nothing more is read of the requests.
    match timeout(SEND, stream.write_all(&asks)).await {
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) | Err(_) => Ok(stream),
    }
}

/// How many of these connections the service still has open, as the system tells of its ends. What
/// it closed is in another state there, or not at all; the ends of the clients would show that only
/// behind answers that they have not read.
async fn open(service: SocketAddr, clients: &[TcpStream]) -> anyhow::Result<usize> {
    let ports = clients.iter().map(|client| Ok(client.local_addr()?.port()));
    let ports: HashSet<u16> = ports.collect::<std::io::Result<_>>()?;
    let sockets = tokio::fs::read_to_string("/proc/net/tcp").await?;
    let is_open = |line: &&str| {
        let mut fields = line.split_whitespace().skip(1);
        let (here, there, state) = (fields.next(), fields.next(), fields.next());
        port(here) == Some(service.port())
            && port(there).is_some_and(|port| ports.contains(&port))
            && state == Some(ESTABLISHED)
    };
    Ok(sockets.lines().filter(is_open).count())
}

/// The port of an address as the system writes it.
fn port(address: Option<&str>) -> Option<u16> {
    let (_, port) = address?.split_once(':')?;
    u16::from_str_radix(port, 16).ok()
}
