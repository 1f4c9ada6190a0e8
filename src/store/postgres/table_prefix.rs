//! [`TablePrefix`] is the beginning of the names in a PostgreSQL database.

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use crate::error::ConfigError;

/// The beginning of all names that [`PostgresStore`](super::PostgresStore) uses in a database:
/// those of its tables, indexes, function and trigger, and of the channel of its announcements. The
/// default is `tower_bearer_`.
///
/// With another prefix a second store can use the same schema. For another schema see
/// [`PostgresStore`](super::PostgresStore#schema).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePrefix(Cow<'static, str>);

impl TablePrefix {
    /// Makes a prefix of lower-case ASCII letters, digits and `_`. It must not begin with a digit,
    /// and has at most 32 bytes, because PostgreSQL cuts off names at 63 bytes.
    ///
    /// # Errors
    ///
    /// The prefix is empty, too long, begins with a digit, or has another character.
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

    /// Replaces the default prefix in a statement with this one.
    pub(super) fn apply(&self, sql: &'static str) -> SqlStr {
        if self.0 == DEFAULT {
            return sql.into_sql_str();
        }
        // This is safe: `new` has checked the prefix, which needs no quotes anywhere.
        AssertSqlSafe(Arc::<str>::from(sql.replace(DEFAULT, &self.0))).into_sql_str()
    }

    /// Returns a name with this prefix.
    pub(super) fn name(&self, rest: &str) -> String {
        format!("{}{rest}", self.0)
    }
}

impl Default for TablePrefix {
    fn default() -> Self {
        Self(Cow::Borrowed(DEFAULT))
    }
}

/// The prefix with which every statement is written.
const DEFAULT: &str = "tower_bearer_";
const MAX_LENGTH: usize = 32;
