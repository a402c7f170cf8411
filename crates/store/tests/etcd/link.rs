//! A way to a member that can be made to hold back whatever is sent, in both directions.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// See the head of this file; it ends with this.
pub(crate) struct Link {
    address: String,
    held: watch::Sender<bool>,
    listening: tokio::task::JoinHandle<()>,
}

impl Link {
    /// A way to a `host:port`.
    pub(crate) async fn to(member: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("a port").to_string();
        let held = watch::Sender::new(false);
        let held_back = held.subscribe();
        let listening = tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let Ok(to) = TcpStream::connect(&member).await else { continue };
                let ((here, back), (there, forth)) = (from.into_split(), to.into_split());
                tokio::spawn(pass(here, forth, held_back.clone()));
                tokio::spawn(pass(there, back, held_back.clone()));
            }
        });
        Self { address, held, listening }
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// Holds back what is sent, or lets it through.
    pub(crate) fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut held: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut bytes).await?;
        if read == 0 || held.wait_for(|held| !held).await.is_err() {
            return to.shutdown().await;
        }
        to.write_all(&bytes[..read]).await?;
    }
}
