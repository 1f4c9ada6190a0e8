//! Reads a request from the text of an input.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

/// A text that no response repeats. An input writes it as `$CANARY`.
pub const CANARY: &str = "canary-of-a-request";
/// The body of a request.
pub type Body = Full<Bytes>;

/// Reads a request as HTTP/1.1 writes it: method and target in a line, a line for each header, an
/// empty line, and the body. Each of `words`, such as `$ACCESS`, stands for a longer text. It is
/// `None` for bytes that are not a request.
pub fn request(input: &[u8], words: &[(&str, &str)]) -> Option<Request<Body>> {
    let mut input = input.to_vec();
    for (word, text) in words {
        input = replace(&input, word.as_bytes(), text.as_bytes());
    }
    let mut rest = &input[..];
    let first = line(&mut rest);
    let space = first.iter().position(|&byte| byte == b' ')?;
    let mut request = Request::builder()
        .method(&first[..space])
        .uri(&first[space + 1..]);
    loop {
        let header = line(&mut rest);
        if header.is_empty() {
            return request.body(Full::new(Bytes::copy_from_slice(rest))).ok();
        }
        let colon = header.iter().position(|&byte| byte == b':')?;
        request = request.header(&header[..colon], header[colon + 1..].trim_ascii());
    }
}

/// Returns what the log may repeat of a request, whatever a client writes there.
pub fn logged<B>(request: &Request<B>) -> String {
    let mut logged = request.uri().path().to_owned();
    for name in ["origin", "sec-fetch-site"] {
        for value in request.headers().get_all(name) {
            logged.push(' ');
            logged.push_str(&String::from_utf8_lossy(value.as_bytes()));
        }
    }
    logged
}

fn line<'i>(rest: &mut &'i [u8]) -> &'i [u8] {
    let end = rest
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(rest.len());
    let line = &rest[..end];
    *rest = rest.get(end + 1..).unwrap_or_default();
    line
}

fn replace(input: &[u8], word: &[u8], text: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some(at) = rest.windows(word.len()).position(|part| part == word) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(text);
        rest = &rest[at + word.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}
