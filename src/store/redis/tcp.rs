//! How long a connection may be silent.

use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;

/// Returns settings with which a connection notices that the other end is gone silently.
pub(super) fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(10))
        .with_interval(Duration::from_secs(3));
    let settings = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(GONE_AFTER);
    settings
}

/// The time to connect. A working Redis needs less.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(1);
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The connection breaks if bytes are not acknowledged for this long. Otherwise that would take a
/// quarter of an hour.
#[cfg(target_os = "linux")]
const GONE_AFTER: Duration = Duration::from_secs(5);
