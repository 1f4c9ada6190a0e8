//! `PostgresStore` keeps every promise of `SessionStore`; and what PostgreSQL alone has to promise.
