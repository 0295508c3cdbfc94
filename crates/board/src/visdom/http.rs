//! A request to a server nearby, and its answer: the part of HTTP that this takes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The longest time for a connection, and for each part of an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// No more of an answer is read.
const LONGEST: u64 = 1 << 20;

/// Posts JSON to a path. Gives the status and the text of the answer.
pub(super) fn post(address: &str, path: &str, json: &str) -> io::Result<(u16, String)> {
    let mut stream = connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // A message is one write, and the server is to answer at once.
    stream.set_nodelay(true)?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        json.len()
    );
    stream.write_all([head.as_bytes(), json.as_bytes()].concat().as_slice())?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::InvalidInput, "the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The status and the text of an answer, which ends with the connection.
fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(answer.get(..end)?).ok()?, answer.get(end + 4..)?);
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, String::from_utf8_lossy(body).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn answers() {
        let good = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nloss";
        assert_eq!(parse(good), Some((200, "loss".into())));
        assert_eq!(parse(b"HTTP/1.0 500 No\r\n\r\n"), Some((500, String::new())));
        for bad in [
            &b""[..],
            b"\r\n\r\n",
            b"HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 x y\r\n\r\n",
            b"SSH-2.0\r\n\r\n",
        ] {
            assert_eq!(parse(bad), None, "{}", bad.escape_ascii());
        }
    }
}
