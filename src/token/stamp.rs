//! [`Stamp`] is a version of a user's credentials.

use std::fmt;

use crate::digest::digest;

/// A version of a user's credentials, which changes with the password: see
/// [`Identity::with_stamp`](crate::Identity::with_stamp).
///
/// It comes from text, from bytes (as the hash of a password) and from a number (as a column that
/// counts). A number is its decimal text, so a column may change its type. What is kept is a hash.
///
/// ```
/// use tower_bearer::token::Stamp;
///
/// assert_eq!(Stamp::from(7_i64), Stamp::from("7"));
/// assert_ne!(Stamp::from(7_u8), Stamp::from(8_u8));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp([u8; 16]);

impl Stamp {
    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// Leaves out the value, which was made from a secret.
impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stamp")
    }
}

macro_rules! stamp_from_bytes {
    ($($type:ty),* $(,)?) => {
        $(impl From<$type> for Stamp {
            fn from(value: $type) -> Self {
                Self(digest("stamp", value))
            }
        })*
    };
}

macro_rules! stamp_from_numbers {
    ($($type:ty),* $(,)?) => {
        $(impl From<$type> for Stamp {
            fn from(value: $type) -> Self {
                value.to_string().into()
            }
        })*
    };
}

stamp_from_bytes!(&str, String, &String, &[u8], Vec<u8>, &Vec<u8>);
stamp_from_numbers!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

impl<const N: usize> From<[u8; N]> for Stamp {
    fn from(value: [u8; N]) -> Self {
        Self(digest("stamp", value))
    }
}
