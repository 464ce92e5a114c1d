//! A canned HTTP server for this layer's tests: one thread per connection, one request each, answers as told, bad ones too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What came in.
pub(super) struct Received {
    pub path: String,
    pub head: String,
    pub body: String,
}

/// What goes out.
pub(super) struct Reply {
    pub status: u16,
    /// Further header lines, each with its CRLF.
    pub headers: String,
    pub body: Vec<u8>,
    /// Pause before each body byte; zero sends at once.
    pub drip: Duration,
    /// Pause before the status line.
    pub delay: Duration,
    /// Close the connection in place of an answer.
    pub hang_up: bool,
}

impl Reply {
    pub(super) fn new(status: u16, headers: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: headers.into(), body: body.into(), drip: Duration::ZERO, delay: Duration::ZERO, hang_up: false }
    }

    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "content-type: application/json\r\n", body.to_string())
    }
}

pub(super) struct TestServer {
    pub url: String,
    /// Connections accepted so far.
    pub hits: Arc<AtomicUsize>,
}

/// Serves until the test process ends.
pub(super) fn serve(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> TestServer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hits = Arc::new(AtomicUsize::new(0));
    let (counter, answer) = (Arc::clone(&hits), Arc::new(answer));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            let answer = Arc::clone(&answer);
            // A client that hangs up early is what some tests are about.
            std::thread::spawn(move || drop(talk(stream, &*answer)));
        }
    });
    TestServer { url, hits }
}

#[expect(clippy::disallowed_methods, reason = "being slow is what it is for, and it has a thread of its own")]
fn talk(mut stream: TcpStream, answer: &dyn Fn(&Received) -> Reply) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap()));
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let reply = answer(&Received { path, head, body: String::from_utf8(body).unwrap() });
    std::thread::sleep(reply.delay);
    if reply.hang_up {
        return Ok(());
    }
    write!(stream, "HTTP/1.1 {} X\r\n{}connection: close\r\n\r\n", reply.status, reply.headers)?;
    if reply.drip.is_zero() {
        return stream.write_all(&reply.body);
    }
    for byte in reply.body {
        std::thread::sleep(reply.drip);
        stream.write_all(&[byte])?;
    }
    Ok(())
}
