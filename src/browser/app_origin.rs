//! Origins of native shells and browser extensions, which have a scheme of their own.

use crate::error::ConfigError;

/// Parses an origin such as `tauri://localhost` or `chrome-extension://…`. It is `None` if its
/// scheme is that of the web.
///
/// # Errors
///
/// The scheme says nothing about where a page comes from, or this is not an origin.
pub(super) fn app_origin(text: &str) -> Result<Option<&str>, ConfigError> {
    if text == "null" || text.starts_with("file:") {
        return Err(ConfigError::from_static(NOT_AN_ORIGIN));
    }
    let Some((scheme, host)) = text.split_once("://") else {
        return Ok(None);
    };
    if WEB.iter().any(|web| web.eq_ignore_ascii_case(scheme)) {
        return Ok(None);
    }
    let is_scheme = scheme
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || b"-.+0123456789".contains(&byte))
        && scheme.starts_with(|first: char| first.is_ascii_lowercase());
    let is_host = !host.is_empty()
        && host.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._:".contains(&byte)
        });
    if !is_scheme || !is_host || SHARED.contains(&scheme) {
        return Err(ConfigError::new(format!(
            "{:?} is not the origin of an app: a scheme of its own and a host, in lower case, as \
             in tauri://localhost",
            text.chars().take(MAX_SHOWN).collect::<String>()
        )));
    }
    Ok(Some(text))
}

const NOT_AN_ORIGIN: &str = "`null` is what every page without an origin sends: a local file, and \
    a sandboxed frame of any site. It cannot be accepted. Let such a page log in with \
    delivery=body";
const WEB: [&str; 2] = ["https", "http"];
/// Schemes whose pages may belong to any site.
const SHARED: [&str; 9] = [
    "about",
    "blob",
    "content",
    "data",
    "filesystem",
    "ftp",
    "javascript",
    "ws",
    "wss",
];
const MAX_SHOWN: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_has_a_scheme_of_its_own_and_a_host() {
        for good in [
            "tauri://localhost",
            "capacitor://localhost",
            "ionic://localhost",
            "app://-",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "moz-extension://5f2c3f3e-6e6b-4c3a-9f5e-0f4c8f4f6a1b",
            "com.example.app://localhost",
        ] {
            assert_eq!(app_origin(good), Ok(Some(good)));
        }
        for web in [
            "https://a.b",
            "HTTPS://a.b",
            "http://localhost",
            "a.b",
            "*",
            "",
        ] {
            assert_eq!(app_origin(web), Ok(None), "{web}");
        }
        for bad in [
            "null",
            "file://",
            "file:///x",
            "tauri://",
            "tauri://localhost/",
            "Tauri://localhost",
            "tauri://Localhost",
            "://localhost",
            "1a://b",
            "tauri://*",
            "data://x",
            "wss://a.b",
            "ionic://a@b",
        ] {
            assert!(app_origin(bad).is_err(), "{bad}");
        }
    }
}
