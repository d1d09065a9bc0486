//! Somebody between a client and a server who can cut the line, for any protocol over TCP.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// Most bytes on their way through one direction of a connection.
const BUFFER: usize = 16 * 1024;
/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;

/// How a line is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Connections end at once, and new ones are refused: a server that died.
    Refuse,
    /// Connections stand, and new ones are taken, but nothing gets through: a network that swallows packets. What was
    /// sent meanwhile arrives when the line is restored, as with TCP, which sends it again.
    Blackhole,
}

/// Passes connections on to a server, unless it is cut. Ends when dropped, with every connection.
#[derive(Debug)]
pub struct CuttableProxy {
    address: SocketAddr,
    wanted: watch::Sender<Option<Cut>>,
    done: watch::Receiver<Option<Cut>>,
    relays: TaskTracker,
    accepted: Arc<AtomicUsize>,
    acceptor: JoinHandle<()>,
}

impl Drop for CuttableProxy {
    fn drop(&mut self) {
        // Relays end because nobody can tell them any more that the line stands.
        self.acceptor.abort();
    }
}

impl CuttableProxy {
    /// Listens on a free port of the loopback address. Needs a runtime, and lives in it.
    ///
    /// # Errors
    /// It cannot listen.
    pub fn start(server: SocketAddr) -> io::Result<Self> {
        // Never listens itself: while nobody else does, connections are refused, and the port stays ours.
        let holder = bound(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = holder.local_addr()?;
        let listener = bound(address)?.listen(BACKLOG)?;
        let (wanted, orders) = watch::channel(None);
        let (tell, done) = watch::channel(None);
        let (relays, accepted) = (TaskTracker::new(), Arc::new(AtomicUsize::new(0)));
        let acceptor = Acceptor { server, holder, orders, tell, relays: relays.clone(), accepted: accepted.clone() };
        let acceptor = tokio::spawn(acceptor.run(listener));
        Ok(Self { address, wanted, done, relays, accepted, acceptor })
    }

    /// Where to connect instead of to the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections that stand.
    pub fn connections(&self) -> usize {
        self.relays.len()
    }

    /// Connections that were ever taken: it grows when a client gives one up for another.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Cuts the line. When this returns nothing gets through, and with [`Cut::Refuse`] no connection is left.
    ///
    /// # Panics
    /// The port is lost.
    pub async fn cut(&self, how: Cut) {
        self.order(Some(how)).await;
        while how == Cut::Refuse && !self.relays.is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// The line stands again.
    ///
    /// # Panics
    /// The port is lost.
    pub async fn restore(&self) {
        self.order(None).await;
    }

    async fn order(&self, order: Option<Cut>) {
        self.wanted.send_replace(order);
        self.done.clone().wait_for(|done| *done == order).await.expect("the proxy listens");
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

struct Acceptor {
    server: SocketAddr,
    holder: TcpSocket,
    orders: watch::Receiver<Option<Cut>>,
    tell: watch::Sender<Option<Cut>>,
    relays: TaskTracker,
    accepted: Arc<AtomicUsize>,
}

impl Acceptor {
    async fn run(mut self, listener: TcpListener) {
        let mut listener = Some(listener);
        loop {
            let order = *self.orders.borrow_and_update();
            if order == Some(Cut::Refuse) {
                listener = None;
            } else if listener.is_none() {
                let again = self.holder.local_addr().and_then(bound).and_then(|socket| socket.listen(BACKLOG));
                listener = Some(again.expect("the port is held"));
            }
            self.tell.send_replace(order);
            loop {
                let taken = async {
                    match &listener {
                        Some(listener) => listener.accept().await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    biased;
                    changed = self.orders.changed() => match changed {
                        Ok(()) => break,
                        Err(_gone) => return,
                    },
                    Ok((client, _)) = taken => {
                        self.accepted.fetch_add(1, Ordering::SeqCst);
                        self.relays.spawn(relay(client, self.server, self.orders.clone()));
                    }
                }
            }
        }
    }
}

/// Carries one connection until an end closes it, or the line is cut so that connections end.
async fn relay(client: TcpStream, server: SocketAddr, mut orders: watch::Receiver<Option<Cut>>) {
    let cut = orders.clone();
    let carry = async {
        if stands(&mut orders).await.is_err() {
            return;
        }
        // A server that is not there is told by the end of the connection.
        let Ok(server) = TcpStream::connect(server).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        // A half that has ended stays open in the other direction.
        tokio::join!(pump(from_client, to_server, orders.clone()), pump(from_server, to_client, orders.clone()));
    };
    tokio::select! {
        biased;
        () = ended(cut) => {}
        () = carry => {}
    }
}

/// Waits until connections shall end: the line is cut like that, or the proxy is gone.
async fn ended(mut orders: watch::Receiver<Option<Cut>>) {
    let _gone = orders.wait_for(|order| *order == Some(Cut::Refuse)).await;
}

/// Waits until the line stands; an error when the proxy is gone.
async fn stands(orders: &mut watch::Receiver<Option<Cut>>) -> Result<(), watch::error::RecvError> {
    orders.wait_for(Option::is_none).await.map(|_| ())
}

/// Carries one direction to its end.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut orders: watch::Receiver<Option<Cut>>) {
    let mut buffer = vec![0; BUFFER];
    while stands(&mut orders).await.is_ok() {
        let read = tokio::select! {
            biased;
            // Read nothing while the line is cut, not even an end.
            _ = orders.changed() => continue,
            read = from.read(&mut buffer) => read,
        };
        let Ok(length @ 1..) = read else { break };
        // It may have been cut meanwhile.
        if stands(&mut orders).await.is_err() || to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    // The other end may have gone already.
    let _gone = to.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    /// Long enough for what comes to have come.
    const MOMENT: Duration = Duration::from_millis(200);

    /// Says everything twice.
    async fn server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut byte = [0];
                    while client.read_exact(&mut byte).await.is_ok() {
                        if client.write_all(&[byte[0]; 2]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        address
    }

    async fn answer(client: &mut TcpStream, word: u8) -> io::Result<[u8; 2]> {
        client.write_all(&[word]).await?;
        let mut said = [0; 2];
        client.read_exact(&mut said).await?;
        Ok(said)
    }

    /// Protects every test of a cut line: refused means ended and refused, on a port that stays ours; swallowed means
    /// that nothing comes, not even an end, and that it comes later; restored means as before.
    #[tokio::test]
    async fn lines_are_cut_and_stand_again() {
        let proxy = CuttableProxy::start(server().await).expect("a proxy");
        for _ in 0..3 {
            let mut client = TcpStream::connect(proxy.address()).await.expect("taken");
            assert_eq!(answer(&mut client, b'a').await.expect("an answer"), *b"aa");
            proxy.cut(Cut::Refuse).await;
            assert_eq!(proxy.connections(), 0);
            let ended = timeout(MOMENT * 10, answer(&mut client, b'b')).await.expect("told at once");
            assert!(ended.is_err(), "the connection stands: {ended:?}");
            let refused = TcpStream::connect(proxy.address()).await.expect_err("refused");
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
            proxy.restore().await;

            let mut client = TcpStream::connect(proxy.address()).await.expect("taken");
            assert_eq!(answer(&mut client, b'c').await.expect("an answer"), *b"cc");
            proxy.cut(Cut::Blackhole).await;
            let mut other = TcpStream::connect(proxy.address()).await.expect("taken all the same");
            for silent in [&mut client, &mut other] {
                silent.write_all(b"d").await.expect("swallowed");
                assert!(timeout(MOMENT, silent.read_u8()).await.is_err(), "something came through");
            }
            proxy.restore().await;
            for silent in [&mut client, &mut other] {
                let came = timeout(MOMENT * 10, silent.read_u16()).await.expect("in time").expect("an answer");
                assert_eq!(came.to_be_bytes(), *b"dd");
            }
        }
        assert_eq!(proxy.accepted(), 9);
    }

    /// Protects tests from what they leave behind: with the proxy its connections end.
    #[tokio::test]
    async fn connections_end_with_the_proxy() {
        let proxy = CuttableProxy::start(server().await).expect("a proxy");
        let mut client = TcpStream::connect(proxy.address()).await.expect("taken");
        assert_eq!(answer(&mut client, b'a').await.expect("an answer"), *b"aa");
        drop(proxy);
        let ended = timeout(MOMENT * 10, answer(&mut client, b'b')).await.expect("told at once");
        assert!(ended.is_err(), "{ended:?}");
    }
}
