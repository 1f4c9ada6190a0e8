//! [`Begun`] is an object that is read in two steps.

use super::members::Members;
use super::read::{OUTERMOST, Reader};
use super::{Json, Object};

/// An object that has been read as far as one of its members.
pub(in crate::token) struct Begun<'t> {
    reader: Reader<'t>,
    members: Members<'t>,
}

impl<'t> Begun<'t> {
    /// Reads an object as far as the member with this name, or all of it if it has none.
    pub(in crate::token) fn up_to(name: &str, text: &'t str) -> Option<Self> {
        let mut reader = Reader::of(text);
        let mut members = reader.begin_text()?;
        while members.next != b'}' {
            reader.member(OUTERMOST, &mut members)?;
            if members.last().is_some_and(|(last, _)| last == name) {
                break;
            }
        }
        Some(Self { reader, members })
    }

    /// Returns the member that it was read up to.
    pub(in crate::token) fn member(&self, name: &str) -> Option<&Json<'t>> {
        let (last, value) = self.members.last()?;
        (last == name).then_some(value)
    }

    /// Reads the rest.
    pub(in crate::token) fn rest(mut self) -> Option<Object<'t>> {
        while self.members.next != b'}' {
            self.reader.member(OUTERMOST, &mut self.members)?;
        }
        let object = self.members.into_object()?;
        self.reader.is_at_end().then_some(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the text up to each of these names, and then the rest.
    #[track_caller]
    fn is_read_as_at_once(text: &str) {
        for name in ["iss", "sub", "deep", "", "absent"] {
            let begun = Begun::up_to(name, text);
            let member = begun
                .as_ref()
                .and_then(|begun| begun.member(name))
                .is_some();
            let object = Object::parse(text);
            if let Some(object) = &object {
                assert_eq!(member, object.get(name).is_some(), "{name} of {text}");
            }
            assert_eq!(begun.and_then(Begun::rest), object, "{name} of {text}");
        }
    }

    #[test]
    fn an_object_in_two_steps_is_the_object() {
        for text in [
            r#"{"iss":"a","sub":"b"}"#,
            r#" { "sub" : [1, {"iss": 2}] , "iss" : null } "#,
            r#"{"\u0069ss":1,"":{},"deep":{"deep":{"iss":"a"}}}"#,
            "{}",
        ] {
            is_read_as_at_once(text);
            for (place, _) in text.char_indices() {
                is_read_as_at_once(&text[..place]);
                for change in ["", "}", "{", "\"", ",", ":", "\\", "[", "x", " "] {
                    is_read_as_at_once(&format!(
                        "{}{change}{}",
                        &text[..place],
                        &text[place + 1..]
                    ));
                    is_read_as_at_once(&format!("{}{change}{}", &text[..place], &text[place..]));
                }
            }
        }
        for text in [
            "",
            "[]",
            "1",
            "{\"iss\":1} {}",
            r#"{"iss":1,}"#,
            r#"{"iss":1,"sub":2]"#,
        ] {
            is_read_as_at_once(text);
        }
    }

    #[test]
    fn a_name_that_is_repeated_in_the_second_step_is_refused() {
        for text in [
            r#"{"iss":"a","sub":"b","iss":"c"}"#,
            r#"{"iss":"a","sub":"b","\u0069ss":"c"}"#,
            r#"{"iss":"a","sub":"b","sub":"b"}"#,
        ] {
            let begun = Begun::up_to("iss", text).unwrap();
            assert!(begun.member("iss").is_some());
            assert!(begun.rest().is_none(), "{text}");
        }
    }
}
