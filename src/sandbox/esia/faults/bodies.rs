//! Bodies no client hopes for. All of them end: by their size, or after the longest wait.

use actix_web::body::{BodyStream, BoxBody, MessageBody as _, SizedStream};
use actix_web::web::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use futures_util::stream::{self, StreamExt as _};

use super::LONGEST_WAIT;
use super::around::{Socket, wait};

/// What stands where JSON should.
pub(super) const PAGE: &str = "<!doctype html><html lang=\"ru\"><title>Технические работы</title><p>Ведутся технические работы</p></html>";

const CHUNK: usize = 64 * 1024;
/// What a body that is empty claims to be when it is cut.
const CLAIMED: usize = 64;
/// Time for the kernel to take what was sent before the connection ends, seconds.
const BEFORE_THE_CUT: f64 = 0.02;

type Never = std::convert::Infallible;

/// Byte by byte, `seconds` apart.
pub(super) fn drip(whole: Bytes, seconds: f64) -> BoxBody {
    let most = if seconds > 0.0 { (0..whole.len()).take_while(|n| *n as f64 * seconds < LONGEST_WAIT).count() } else { whole.len() };
    let bytes = stream::iter((0..most).map(move |at| whole.slice(at..=at)));
    let late = bytes.then(move |byte| async move {
        wait(seconds).await;
        Ok::<_, Never>(byte)
    });
    BodyStream::new(Box::pin(late)).boxed()
}

/// Half of the body, then the end of the connection.
pub(super) fn truncated(whole: Bytes, socket: Option<Socket>) -> BoxBody {
    let announced = if whole.is_empty() { CLAIMED } else { whole.len() };
    let half = whole.slice(..whole.len() / 2);
    let cut = async move {
        wait(BEFORE_THE_CUT).await;
        socket.as_ref().map(Socket::end);
        Ok(Bytes::new())
    };
    let parts = stream::iter([Ok::<_, Never>(half)]).filter(|part| std::future::ready(part.as_ref().is_ok_and(|b| !b.is_empty())));
    SizedStream::new(announced as u64, Box::pin(parts.chain(stream::once(cut)))).boxed()
}

/// The beginning of a token answer that does not come to its end.
pub(super) fn huge(bytes: u64) -> BoxBody {
    let block = Bytes::from(vec![b'A'; CHUNK]);
    let first = Bytes::from_static(b"{\"access_token\":\"");
    let blocks = usize::try_from(bytes).unwrap_or(usize::MAX) / CHUNK + 1;
    let parts = std::iter::once(first).chain(std::iter::repeat_n(block, blocks));
    BodyStream::new(stream::iter(parts.map(Ok::<_, Never>))).boxed()
}

/// One gzip member (RFC 1952) of so many zeros. A block of them is compressed once and repeated, which costs next to nothing.
pub(super) fn gzip_bomb(bytes: u64) -> BoxBody {
    let zeros = vec![0; 16 * CHUNK];
    let blocks = usize::try_from(bytes).unwrap_or(usize::MAX) / zeros.len() + 1;
    let mut block = Vec::with_capacity(CHUNK);
    let mut compress = Compress::new(Compression::best(), false);
    // Room is ample: a mebibyte of zeros takes about a kilobyte. A full flush makes the block independent and ends it on a byte.
    let done = compress.compress_vec(&zeros, &mut block, FlushCompress::Full);
    if done.is_err() || compress.total_in() != zeros.len() as u64 {
        return BoxBody::new(PAGE);
    }
    let mut one = Crc::new();
    one.update(&zeros);
    let mut all = Crc::new();
    (0..blocks).for_each(|_| all.combine(&one));
    let head = Bytes::from_static(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    // An empty final block, then checksum and length.
    let tail = [&[0x03, 0x00][..], &all.sum().to_le_bytes(), &all.amount().to_le_bytes()].concat();
    let parts = std::iter::once(head).chain(std::iter::repeat_n(Bytes::from(block), blocks)).chain([Bytes::from(tail)]);
    BodyStream::new(stream::iter(parts.map(Ok::<_, Never>))).boxed()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[actix_web::test]
    async fn the_bomb_is_good_gzip() {
        let packed = actix_web::body::to_bytes(gzip_bomb(3 << 20)).await.expect("a body");
        assert!(packed.len() < 8192, "{}", packed.len());
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).expect("good gzip");
        assert_eq!(unpacked.len(), 4 << 20);
    }

    #[actix_web::test]
    async fn a_dripping_body_comes_whole() {
        let body = drip(Bytes::from_static(b"abc"), 0.001);
        assert_eq!(actix_web::body::to_bytes(body).await.expect("a body"), "abc");
    }
}
