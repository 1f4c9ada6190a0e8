//! The addresses that proxies report in `Forwarded` (RFC 7239) and `X-Forwarded-For`.
//!
//! Each proxy adds the address of its own client at the right end, and passes on whatever was there
//! before. Only the entries of trusted proxies mean anything, so both lists are read from the
//! right.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, HeaderName, HeaderValue};

/// Returns the `for` of each element, the last one first. `None` means that it is not an address.
///
/// A line that does not follow the grammar counts as one element without an address: a quotation
/// mark that a client left open must not hide what the proxy added behind it.
pub(super) fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    lines(headers, &http::header::FORWARDED).flat_map(|line| {
        let mut nodes = line.and_then(Line::nodes).unwrap_or_else(|| vec![None]);
        nodes.reverse();
        nodes
    })
}

/// Returns the entries, the last one first. `None` means that it is not an address.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    lines(headers, &X_FORWARDED_FOR).flat_map(|line| {
        // A line that is not text becomes one entry that is not an address.
        line.unwrap_or_default()
            .rsplit(',')
            .map(|entry| address(entry.trim_matches(OWS)))
    })
}

/// Returns the lines of a header, the last one first. `None` means that it is not text.
fn lines<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = Option<&'h str>> + use<'h> {
    headers
        .get_all(name)
        .iter()
        .rev()
        .map(|line: &HeaderValue| line.to_str().ok())
}

/// Reads an entry of `X-Forwarded-For`: an address, or a node as in `Forwarded`, which some proxies
/// write here too.
fn address(entry: &str) -> Option<IpAddr> {
    entry
        .parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
        .or_else(|| node(entry))
}

/// Reads the address of a node (RFC 7239 section 6). It is `None` for `unknown`, for an obfuscated
/// identifier, and for anything else that is not an address.
fn node(node: &str) -> Option<IpAddr> {
    let (address, port): (IpAddr, &str) = match node.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            (address.parse::<Ipv6Addr>().ok()?.into(), port)
        }
        None => {
            let (address, port) = node.split_at(node.find(':').unwrap_or(node.len()));
            (address.parse::<Ipv4Addr>().ok()?.into(), port)
        }
    };
    is_port(port).then(|| address.to_canonical())
}

/// Returns whether this is nothing, or a port behind its colon (RFC 7239 section 6.2).
fn is_port(port: &str) -> bool {
    let Some(port) = port.strip_prefix(':') else {
        return port.is_empty();
    };
    let is_obfuscated = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match port.strip_prefix('_') {
        Some(rest) => !rest.is_empty() && rest.bytes().all(is_obfuscated),
        None => (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The part of a line of `Forwarded` that is not read yet.
struct Line<'h>(&'h str);

impl<'h> Line<'h> {
    /// Returns the `for` of each element. `None` means that the line does not follow the grammar of
    /// RFC 7239 section 4.
    fn nodes(line: &'h str) -> Option<Vec<Option<IpAddr>>> {
        let mut line = Self(line);
        let mut nodes = Vec::new();
        loop {
            nodes.push(line.element()?);
            if line.0.is_empty() {
                return Some(nodes);
            }
            line.skip(",")?;
        }
    }

    fn element(&mut self) -> Option<Option<IpAddr>> {
        let mut found: Option<Option<IpAddr>> = None;
        loop {
            self.0 = self.0.trim_start_matches(OWS);
            if !self.0.is_empty() && !self.0.starts_with([';', ',']) {
                let name = self.take_while(is_token)?;
                self.skip("=")?;
                let value = self.value()?;
                // A parameter appears once in an element.
                if name.eq_ignore_ascii_case("for") && found.replace(node(&value)).is_some() {
                    return None;
                }
                self.0 = self.0.trim_start_matches(OWS);
            }
            if self.skip(";").is_none() {
                return Some(found.flatten());
            }
        }
    }

    fn value(&mut self) -> Option<String> {
        if self.skip("\"").is_none() {
            // IPv6 addresses and ports need quotes. Many proxies leave the quotes out, and the
            // value is still unambiguous.
            let is_plain = |byte: u8| is_token(byte) || b"[]:".contains(&byte);
            return self.take_while(is_plain).map(str::to_owned);
        }
        let mut value = String::new();
        let mut rest = self.0.char_indices();
        while let Some((at, char)) = rest.next() {
            match char {
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(rest.next()?.1),
                char => value.push(char),
            }
        }
        None
    }

    fn skip(&mut self, what: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(what)?;
        Some(())
    }

    /// Takes the bytes that fit, at least one.
    fn take_while(&mut self, is_part: impl Fn(u8) -> bool) -> Option<&'h str> {
        let end = self
            .0
            .bytes()
            .position(|byte| !is_part(byte))
            .unwrap_or(self.0.len());
        let (taken, rest) = self
            .0
            .split_at_checked(end)
            .filter(|(taken, _)| !taken.is_empty())?;
        self.0 = rest;
        Some(taken)
    }
}

/// Returns whether this is a `tchar` (RFC 9110 section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const OWS: [char; 2] = [' ', '\t'];
pub(super) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let shown =
            |address: Option<IpAddr>| address.map_or("-".to_owned(), |address| address.to_string());
        match name {
            "forwarded" => forwarded(&headers).map(shown).collect(),
            _ => x_forwarded_for(&headers).map(shown).collect(),
        }
    }

    #[test]
    fn forwarded_is_read_from_the_right() {
        for (lines, nodes) in [
            (
                &["for=192.0.2.43, for=198.51.100.17"][..],
                &["198.51.100.17", "192.0.2.43"][..],
            ),
            (
                &["for=192.0.2.1", "for=192.0.2.2,for=192.0.2.3"],
                &["192.0.2.3", "192.0.2.2", "192.0.2.1"],
            ),
            (
                &["For=\"[2001:db8:cafe::17]:4711\""],
                &["2001:db8:cafe::17"],
            ),
            (
                &["for=192.0.2.60;proto=http;by=203.0.113.43"],
                &["192.0.2.60"],
            ),
            (&["proto=https; FOR = x"], &["-"]),
            (
                &["by=203.0.113.43;for=\"192.0.2.60:_x.-1\";host=\"a,b;c\\\"d\""],
                &["192.0.2.60"],
            ),
            (&["for=192.0.2.60:8080"], &["192.0.2.60"]),
            (&["for=[::1]"], &["::1"]),
            (&["for=\"[::ffff:192.0.2.9]\""], &["192.0.2.9"]),
            (&["for=\"\\1\\9\\2.0.2.9\""], &["192.0.2.9"]),
            (&[";;for=192.0.2.1;"], &["192.0.2.1"]),
        ] {
            assert_eq!(read("forwarded", lines), nodes, "{lines:?}");
        }
    }

    #[test]
    fn what_forwarded_hides_is_not_an_address() {
        for value in [
            "unknown",
            "_hidden",
            "_SEVKISEK",
            "\"unknown:80\"",
            "\"_a:_b\"",
            "localhost",
            "\"::1\"",
            "1",
            "\"[::1\"",
            "\"[::1]x\"",
            "\"[::1]:\"",
            "\"[::1]:123456\"",
            "\"[::1]:_\"",
            "\"[fe80::1%eth0]\"",
            "\"[192.0.2.1]\"",
            "192.0.2.01",
            "192.0.2",
            "192.0.2.1:x",
            "\"\"",
            "\" 192.0.2.1\"",
        ] {
            assert_eq!(
                read("forwarded", &[&format!("for={value}")]),
                ["-"],
                "{value}"
            );
        }
        // An element without `for`, and one that is empty.
        assert_eq!(
            read("forwarded", &["for=192.0.2.1, proto=http, "]),
            ["-", "-", "192.0.2.1"]
        );
    }

    /// The client wrote the beginning of the line, and the proxy added the end.
    #[test]
    fn nothing_that_a_client_wrote_takes_the_place_of_what_the_proxy_added() {
        for client in [
            "\"",
            "for=\"",
            "for=1.1.1.1;x=\"",
            "for=\"1.1.1.1",
            "x=\"\\",
            "for=1.1.1.1;x=\"\\\"",
            "for",
            "for=",
            "=",
            "a b",
            "for=1.1.1.1;for=2.2.2.2",
            "for=1.1.1.1 for=2.2.2.2",
            "\u{e4}=1",
            "for=\u{e4}",
            "x=\"\u{e4}\"\u{e4}",
            "for=a b",
        ] {
            for proxy in [
                "for=9.9.9.9",
                "for=\"[2001:db8::1]\"",
                "for=\"[2001:db8::1]:4711\";host=\"\"",
                "for=9.9.9.9;by=_x",
            ] {
                for between in [", ", ",", " ,"] {
                    let line = format!("{client}{between}{proxy}");
                    let first = read("forwarded", &[&line]).remove(0);
                    assert!(
                        ["-", "9.9.9.9", "2001:db8::1"].contains(&&*first),
                        "{line}: {first}"
                    );
                }
            }
            // A proxy that adds a line of its own is read in any case.
            assert_eq!(
                read("forwarded", &[client, "for=9.9.9.9"])[0],
                "9.9.9.9",
                "{client}"
            );
        }
    }

    #[test]
    fn x_forwarded_for_is_read_from_the_right() {
        for (lines, addresses) in [
            (
                &["192.0.2.1, 198.51.100.2"][..],
                &["198.51.100.2", "192.0.2.1"][..],
            ),
            (
                &["192.0.2.1", "192.0.2.2,192.0.2.3"],
                &["192.0.2.3", "192.0.2.2", "192.0.2.1"],
            ),
            (
                &["2001:db8::1,[2001:db8::2],[2001:db8::3]:443"],
                &["2001:db8::3", "2001:db8::2", "2001:db8::1"],
            ),
            (&["192.0.2.1:50412"], &["192.0.2.1"]),
            (&["::ffff:192.0.2.1"], &["192.0.2.1"]),
            (
                &["\"192.0.2.1\", unknown,, 192.0.2.2 x"],
                &["-", "-", "-", "-"],
            ),
            (
                &["fe80::1%eth0, 192.0.2.01, 192.0.2.1/32, 3221225985, 0x7f.1"],
                &["-", "-", "-", "-", "-"],
            ),
            (&[""], &["-"]),
            (&["\u{e4}, 192.0.2.1"], &["-"]),
        ] {
            assert_eq!(read("x-forwarded-for", lines), addresses, "{lines:?}");
        }
    }
}
