//! `RedisStore` keeps every promise of `SessionStore`; and what Redis alone has to promise.
