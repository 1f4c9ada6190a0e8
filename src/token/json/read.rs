//! Reads JSON (RFC 8259) into [`Json`].
//!
//! It walks over the text once and copies nothing. Text with escapes, and numbers that are not
//! small and whole, are rare, and are left to `serde_json`.

use std::borrow::Cow;

use serde_json::Number;

use super::members::Members;
use super::{Json, Object};

impl<'t> Object<'t> {
    /// Reads a text that is an object.
    pub(in crate::token) fn parse(text: &'t str) -> Option<Self> {
        match read(text) {
            Some(Json::Object(object)) => Some(object),
            _ => None,
        }
    }
}

/// Returns the value that this text is. It is `None` if the text is not JSON, if an object in it
/// has a repeated name, or if it is nested more than [`MOST_NESTED`] deep.
fn read(text: &str) -> Option<Json<'_>> {
    let mut reader = Reader::of(text);
    let mut value = Json::Null;
    reader.value(MOST_NESTED, &mut value)?;
    reader.is_at_end().then_some(value)
}

/// As deep as `serde_json` reads.
const MOST_NESTED: usize = 127;
/// What may be nested in an object that is not in another one.
pub(super) const OUTERMOST: usize = MOST_NESTED - 1;

pub(super) struct Reader<'t> {
    text: &'t str,
    /// Where the next byte is. The byte before it is ASCII, so this is between two characters.
    at: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Begins a text that is an object.
    pub(super) fn begin_text(&mut self) -> Option<Members<'t>> {
        self.next().filter(|&first| first == b'{')?;
        self.begin_object(OUTERMOST)
    }

    /// Reads a value into its place. It is not returned, because moving each value twice takes
    /// longer than reading it.
    fn value(&mut self, nested: usize, place: &mut Json<'t>) -> Option<()> {
        let first = self.next()?;
        self.value_after(first, nested, place)
    }

    /// Reads a value whose first byte is behind us.
    #[inline]
    fn value_after(&mut self, first: u8, nested: usize, place: &mut Json<'t>) -> Option<()> {
        *place = match first {
            b'"' => match self.plain_text() {
                Some(text) => Json::Text(Cow::Borrowed(text)),
                None => Json::Text(Cow::Owned(self.escaped_text()?)),
            },
            b'{' => self.object(nested.checked_sub(1)?)?,
            b'[' => self.list(nested.checked_sub(1)?)?,
            b't' => self.literal("rue", Json::True)?,
            b'f' => self.literal("alse", Json::False)?,
            b'n' => self.literal("ull", Json::Null)?,
            b'-' | b'0'..=b'9' => self.number(first)?,
            _ => return None,
        };
        Some(())
    }

    fn object(&mut self, nested: usize) -> Option<Json<'t>> {
        let mut members = self.begin_object(nested)?;
        while members.next != b'}' {
            self.member(nested, &mut members)?;
        }
        members.into_object().map(Json::Object)
    }

    /// Begins an object whose bracket is behind us.
    #[inline]
    fn begin_object(&mut self, nested: usize) -> Option<Members<'t>> {
        let mut members = Members::before(self.next()?);
        // The claims have room at once. Others may be thousands of small objects.
        if members.next != b'}' && nested == OUTERMOST {
            members.reserve();
        }
        Some(members)
    }

    /// Reads a member whose first byte is behind us, and what is behind it.
    #[inline]
    pub(super) fn member(&mut self, nested: usize, members: &mut Members<'t>) -> Option<()> {
        if members.next != b'"' {
            return None;
        }
        match self.plain_text() {
            Some(name) => members.add(Cow::Borrowed(name)),
            None => self.escaped_name(members)?,
        }
        if self.next()? != b':' {
            return None;
        }
        self.value(nested, members.last_value()?)?;
        members.next = match self.next()? {
            b',' => self.next().filter(|&next| next == b'"')?,
            b'}' => b'}',
            _ => return None,
        };
        Some(())
    }

    /// Reads a name that is not plain. It is a function of its own, so that a plain name is written
    /// to its place at once.
    #[cold]
    #[inline(never)]
    fn escaped_name(&mut self, members: &mut Members<'t>) -> Option<()> {
        members.add(Cow::Owned(self.escaped_text()?));
        Some(())
    }

    fn list(&mut self, nested: usize) -> Option<Json<'t>> {
        let mut list = Vec::new();
        let mut next = self.next()?;
        if next == b']' {
            return Some(Json::List(list));
        }
        loop {
            list.push(Json::Null);
            self.value_after(next, nested, list.last_mut()?)?;
            match self.next()? {
                b',' => next = self.next()?,
                b']' => return Some(Json::List(list)),
                _ => return None,
            }
        }
    }

    /// Reads a text without escapes, or nothing if it has some. The result comes back in registers.
    fn plain_text(&mut self) -> Option<&'t str> {
        let start = self.at;
        let end = start + plain(&self.text.as_bytes()[start..])?;
        if self.text.as_bytes()[end] != b'"' {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    #[cold]
    fn escaped_text(&mut self) -> Option<String> {
        let start = self.at;
        self.at += plain(self.rest()?)?;
        while self.rest()?.first() == Some(&b'\\') {
            // A backslash is followed by ASCII, or `serde_json` refuses the text.
            self.at += 2;
            self.at += plain(self.rest()?)?;
        }
        // It ends here, or at a control character, which `serde_json` refuses.
        self.at += 1;
        let quoted = self.text.get(start - 1..self.at)?;
        serde_json::from_str(quoted).ok()
    }

    /// Reads a number whose first character is behind us.
    #[inline]
    fn number(&mut self, first: u8) -> Option<Json<'t>> {
        let start = self.at - 1;
        let mut number = u64::from(first.wrapping_sub(b'0'));
        let rest = self.rest()?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
        let mut length = 0;
        for digit in digits {
            number = number
                .wrapping_mul(10)
                .wrapping_add(u64::from(digit - b'0'));
            length += 1;
        }
        self.at += length;
        let is_whole = !matches!(rest.get(length), Some(b'.' | b'e' | b'E' | b'+' | b'-'));
        let is_plain = first.is_ascii_digit() && (first != b'0' || length == 0);
        if is_whole && is_plain && length < MOST_DIGITS {
            return Some(Json::Number(number.into()));
        }
        self.unusual_number(start)
    }

    #[cold]
    fn unusual_number(&mut self, start: usize) -> Option<Json<'t>> {
        let is_of_number = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        self.at += self.rest()?.iter().take_while(is_of_number).count();
        let number: Number = self.text.get(start..self.at)?.parse().ok()?;
        Some(Json::Number(number))
    }

    fn literal(&mut self, rest: &str, value: Json<'t>) -> Option<Json<'t>> {
        let is_there = self.rest()?.starts_with(rest.as_bytes());
        self.at += rest.len();
        is_there.then_some(value)
    }

    /// Returns the next byte that is not space, and goes behind it.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            let next = *self.text.as_bytes().get(self.at)?;
            self.at += 1;
            if !matches!(next, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(next);
            }
        }
    }

    fn rest(&self) -> Option<&'t [u8]> {
        self.text.as_bytes().get(self.at..)
    }

    pub(super) fn is_at_end(&mut self) -> bool {
        self.next().is_none() && self.at == self.text.len()
    }
}

/// Returns the number of bytes before the first that ends a text or a part of it: a quotation mark,
/// a backslash or a control character. It looks at eight bytes at once.
#[inline]
fn plain(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let ends = ends(u64::from_le_bytes(*word));
        if ends != 0 {
            return Some(index * 8 + ends.trailing_zeros() as usize / 8);
        }
    }
    let is_end = |&byte: &u8| byte < b' ' || byte == b'"' || byte == b'\\';
    let end = rest.iter().position(is_end)?;
    Some(words.len() * 8 + end)
}

/// Sets the high bit of bytes that end a text. The lowest that is set is exact. Those above it may
/// be set too, because a subtraction borrows from them.
fn ends(word: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    let is_below = |word: u64, least: u8| word.wrapping_sub(EACH * u64::from(least)) & !word;
    let is = |byte: u8| is_below(word ^ (EACH * u64::from(byte)), 1);
    (is(b'"') | is(b'\\') | is_below(word, b' ')) & (EACH << 7)
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
