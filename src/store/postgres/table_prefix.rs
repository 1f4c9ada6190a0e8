//! [`TablePrefix`].

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::error::ConfigError;

/// What the names of all that [`PostgresStore`](super::PostgresStore) makes in a database begin
/// with: tables, indexes, function, trigger, and the channel of its announcements. The default is
/// `tower_bearer_`.
///
/// With another one a second store has its place in the same schema. For another schema see
/// [`PostgresStore`](super::PostgresStore#schema).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePrefix(Cow<'static, str>);

impl TablePrefix {
    /// Lower-case ASCII letters, digits and `_`, not a digit first, and 32 bytes at most:
    /// PostgreSQL cuts longer names off at 63.
    ///
    /// # Errors
    ///
    /// It is empty, too long, begins with a digit, or has another character.
    pub fn new(prefix: impl Into<String>) -> Result<Self, ConfigError> {
        let prefix = prefix.into();
        let plain = prefix
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !plain
            || prefix.len() > MAX_LENGTH
            || prefix.starts_with(|first: char| first.is_ascii_digit())
            || prefix.is_empty()
        {
            return Err(ConfigError::from_static(
                "a table prefix has 1 to 32 lower-case ASCII letters, digits and `_`, and does \
                 not begin with a digit",
            ));
        }
        Ok(Self(prefix.into()))
    }

    /// The statement, which is written with the default prefix, with this one.
    pub(super) fn apply(&self, sql: &'static str) -> SqlStr {
        if self.0 == DEFAULT {
            return sql.into_sql_str();
        }
        // It is safe: what is put in has been checked by `new`, and needs no quotes anywhere.
        AssertSqlSafe(Arc::<str>::from(sql.replace(DEFAULT, &self.0))).into_sql_str()
    }

    /// A name with this prefix.
    pub(super) fn name(&self, rest: &str) -> String {
        format!("{}{rest}", self.0)
    }
}

impl Default for TablePrefix {
    fn default() -> Self {
        Self(Cow::Borrowed(DEFAULT))
    }
}

/// What every statement is written with.
const DEFAULT: &str = "tower_bearer_";
const MAX_LENGTH: usize = 32;
