//! A way to a server that can be closed, fall silent, refuse what writes, or lose the answer to it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::thread;

/// What becomes of what a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Way {
    Open,
    /// Each connection is closed at once.
    Closed,
    /// Nothing is answered.
    Silent,
    /// Each `PUT` is answered with 503.
    Busy,
    /// Each `PUT` goes through, and the connection is closed before its answer is back.
    Forgetful,
}

const WAYS: [Way; 5] = [
    Way::Open,
    Way::Closed,
    Way::Silent,
    Way::Busy,
    Way::Forgetful,
];

#[derive(Debug, Default)]
struct Shared {
    way: AtomicU8,
    puts: AtomicUsize,
}

/// A running proxy; its threads end with the tests.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    pub(super) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let for_clients = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&for_clients);
                thread::spawn(move || serve(client, server, &shared));
            }
        });
        Self { port, shared }
    }

    pub(super) fn set(&self, way: Way) {
        self.shared.way.store(way as u8, Ordering::Release);
    }

    /// `PUT`s that came.
    pub(super) fn puts(&self) -> usize {
        self.shared.puts.load(Ordering::Acquire)
    }
}

/// A connection: from the client by chunks, a new request being told by its first word, and back by a thread.
fn serve(mut client: TcpStream, server: u16, shared: &Shared) {
    let mut server = TcpStream::connect(("127.0.0.1", server)).unwrap();
    let (mut from, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let answers = Arc::new(AtomicU8::new(1));
    let pass = Arc::clone(&answers);
    thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if pass.load(Ordering::Acquire) == 0 || to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // One that is closed already is what is wanted.
        drop(to.shutdown(Shutdown::Both));
    });
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let chunk = &buffer[..count];
        let is_put = chunk.starts_with(b"PUT ");
        shared.puts.fetch_add(usize::from(is_put), Ordering::AcqRel);
        match WAYS[usize::from(shared.way.load(Ordering::Acquire))] {
            Way::Closed => break,
            Way::Silent => continue,
            Way::Busy if is_put => {
                let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\
                            Connection: close\r\n\r\n";
                drop(client.write_all(busy.as_bytes()));
                break;
            }
            Way::Forgetful if is_put => answers.store(0, Ordering::Release),
            Way::Open | Way::Busy | Way::Forgetful => {}
        }
        if server.write_all(chunk).is_err() {
            break;
        }
    }
    for end in [&client, &server] {
        drop(end.shutdown(Shutdown::Both));
    }
}
