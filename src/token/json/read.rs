//! Reads JSON (RFC 8259) into [`Json`].
//!
//! It walks over the text once and copies nothing. `serde_json` and a visitor take half as many
//! instructions again for the claims of a token. Text with escapes, and numbers that are not small
//! and whole, are rare, and are left to `serde_json`.

use std::borrow::Cow;

use serde_json::Number;

use super::{FEW, Json, Object};

/// Returns the value that this text is. It is `None` if the text is not JSON, if an object in it
/// has a repeated name, or if it is nested more than [`MOST_NESTED`] deep.
pub(super) fn read(text: &str) -> Option<Json<'_>> {
    // Most payloads have none, and then no text has one. This is checked for many bytes at once.
    let has_controls = text.bytes().fold(false, |has, byte| has | (byte < b' '));
    let mut reader = Reader {
        text,
        at: 0,
        has_controls,
        has_escapes: false,
    };
    let value = reader.value(MOST_NESTED)?;
    reader.skip_space();
    (reader.at == text.len()).then_some(value)
}

/// As deep as `serde_json` reads.
const MOST_NESTED: usize = 127;

struct Reader<'t> {
    text: &'t str,
    /// Where the next byte is. The byte before it is ASCII, so this is between two characters.
    at: usize,
    /// Whether there are control characters, which may be between values and not in a text.
    has_controls: bool,
    /// Whether the last text has escapes.
    has_escapes: bool,
}

impl<'t> Reader<'t> {
    fn value(&mut self, nested: usize) -> Option<Json<'t>> {
        match self.next()? {
            b'"' => Some(Json::Text(self.text()?)),
            b'{' => self.object(nested.checked_sub(1)?),
            b'[' => self.list(nested.checked_sub(1)?),
            b't' => self.literal("rue", Json::True),
            b'f' => self.literal("alse", Json::False),
            b'n' => self.literal("ull", Json::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn object(&mut self, nested: usize) -> Option<Json<'t>> {
        let mut members = Vec::new();
        let mut next = self.next()?;
        // The claims have room at once. Others may be thousands of small objects.
        if next != b'}' && nested + 1 == MOST_NESTED {
            members.reserve(FEW);
        }
        while next != b'}' {
            if next != b'"' {
                return None;
            }
            let name = self.text()?;
            if self.next()? != b':' {
                return None;
            }
            members.push((name, self.value(nested)?));
            next = self.next()?;
            if next == b',' {
                next = self.next().filter(|&next| next == b'"')?;
            } else if next != b'}' {
                return None;
            }
        }
        let object = Object(members);
        (!object.has_repeated_name()).then_some(Json::Object(object))
    }

    fn list(&mut self, nested: usize) -> Option<Json<'t>> {
        let mut list = Vec::new();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(Json::List(list));
        }
        loop {
            list.push(self.value(nested)?);
            match self.next()? {
                b',' => {}
                b']' => return Some(Json::List(list)),
                _ => return None,
            }
        }
    }

    /// Reads a text behind its first quotation mark.
    #[inline]
    fn text(&mut self) -> Option<Cow<'t, str>> {
        let text = self.raw_text()?;
        if self.has_escapes {
            let quoted = format!("\"{text}\"");
            return serde_json::from_str(&quoted).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(text))
    }

    /// Returns a text as it is written, and notes whether it has escapes. The result is so small
    /// that it comes back in registers.
    fn raw_text(&mut self) -> Option<&'t str> {
        let start = self.at;
        self.has_escapes = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let length = memchr::memchr2(b'"', b'\\', rest)?;
            self.at += length + 1;
            if rest[length] == b'"' {
                break;
            }
            self.has_escapes = true;
            // A backslash is followed by ASCII, or `serde_json` refuses the text.
            self.at += 1;
        }
        let text = self.text.get(start..self.at - 1)?;
        let is_plain = !self.has_controls || text.bytes().all(|byte| byte >= b' ');
        is_plain.then_some(text)
    }

    /// Reads a number from its first character, which is behind us.
    fn number(&mut self) -> Option<Json<'t>> {
        let start = self.at - 1;
        let is_of_number = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(is_of_number).count();
        let number = &self.text[start..self.at];
        let is_small = number.len() <= MOST_DIGITS && number.bytes().all(|b| b.is_ascii_digit());
        let number = if is_small && (number.len() == 1 || !number.starts_with('0')) {
            let digits = number.bytes().map(|digit| u64::from(digit - b'0'));
            digits.fold(0, |number, digit| number * 10 + digit).into()
        } else {
            number.parse::<Number>().ok()?
        };
        Some(Json::Number(number))
    }

    fn literal(&mut self, rest: &str, value: Json<'t>) -> Option<Json<'t>> {
        let is_there = self.text.as_bytes()[self.at..].starts_with(rest.as_bytes());
        self.at += rest.len();
        is_there.then_some(value)
    }

    /// Returns the next byte that is not space, and goes behind it.
    fn next(&mut self) -> Option<u8> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }
}

/// Numbers of so many digits fit a `u64`.
const MOST_DIGITS: usize = 19;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::read;

    /// Reads the text with `serde_json`, which accepts a repeated name.
    fn expected(text: &str) -> Option<Value> {
        let value: Value = serde_json::from_str(text).ok()?;
        (members(&value) == colons(text)).then_some(value)
    }

    fn members(value: &Value) -> usize {
        match value {
            Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
            Value::Array(list) => list.iter().map(members).sum(),
            _ => 0,
        }
    }

    /// Counts the colons outside of texts: one for each member of a valid text.
    fn colons(text: &str) -> usize {
        let (mut colons, mut in_text, mut is_escaped) = (0, false, false);
        for byte in text.bytes() {
            match byte {
                b'"' if !is_escaped => in_text = !in_text,
                b':' if !in_text => colons += 1,
                _ => {}
            }
            is_escaped = byte == b'\\' && !is_escaped;
        }
        colons
    }

    #[track_caller]
    fn reads_as_serde_json_does(text: &str) {
        let own = read(text).map(|json| json.to_value());
        assert_eq!(own, expected(text), "{text}");
    }

    const TEXTS: [&str; 5] = [
        r#"{"iss":"https://id.example.com","sub":"42","aud":["a","b"],"exp":1700000000,"jti":""}"#,
        r#" { "a" : [ ] , "b" : { } , "c" : [ 1 , -2.5e+3 , 0.1 , true , false , null ] } "#,
        r#"{"\u0069ss":"\ud83d\ude00 \"\\\/\b\f\n\r\t","é":"é","deep":{"deep":{"deep":[[[0]]]}}}"#,
        r"[18446744073709551615,9999999999999999999,18446744073709551616,-0,1e400,00,01,-,1.]",
        "\"\\u12\"",
    ];

    #[test]
    fn each_text_is_read_as_serde_json_reads_it() {
        for text in TEXTS {
            reads_as_serde_json_does(text);
            for element in text.trim_matches(['[', ']']).split(',') {
                reads_as_serde_json_does(element);
            }
        }
        for text in [
            "", " ", "{", "[", "\"", "\"\\", "tru", "nul", "-", "{\"a\"", "{\"a\":", "[1",
        ] {
            reads_as_serde_json_does(text);
        }
    }

    #[test]
    fn a_change_of_one_character_is_read_as_serde_json_reads_it() {
        let characters = "\"\\{}[]:,.-+eE019 \t\u{1}aé";
        for text in TEXTS {
            let places = text.char_indices().map(|(place, _)| place);
            for (place, next) in places.clone().zip(places.skip(1).chain([text.len()])) {
                let (before, after) = (&text[..place], &text[next..]);
                reads_as_serde_json_does(&format!("{before}{after}"));
                for character in characters.chars() {
                    reads_as_serde_json_does(&format!("{before}{character}{after}"));
                    reads_as_serde_json_does(&format!("{before}{character}{}", &text[place..]));
                }
            }
        }
    }

    #[test]
    fn a_repeated_name_is_refused_at_any_depth_and_however_it_is_written() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"[{"b":{"a":1,"c":2,"a":3}}]"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let many = (0..40).map(|n| format!("\"{}\":0", n % 39));
        let many = many.collect::<Vec<_>>().join(",");
        assert_eq!(read(&format!("{{{many}}}")), None);
    }

    #[test]
    fn a_text_is_nested_as_deep_as_serde_json_reads_it() {
        for depth in 126..=129 {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            reads_as_serde_json_does(&format!("{open}{close}"));
        }
        assert_eq!(read(&"[".repeat(100_000)), None);
    }
}
