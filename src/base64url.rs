//! Base64url without padding (RFC 4648 section 5), as JOSE and refresh tokens have it.

use std::sync::LazyLock;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use base64::engine::Simd;
use base64::engine::general_purpose::NO_PAD;
use base64::{Engine, encoded_len};

/// Appends the base64url of `bytes` to a token, without a buffer in between.
pub(crate) fn append(token: &mut Vec<u8>, bytes: &[u8]) {
    let start = token.len();
    token.resize(start + encoded(bytes.len()), 0);
    // The room was just made, so it is long enough.
    let written = ENGINE.encode_slice(bytes, &mut token[start..]).unwrap_or(0);
    debug_assert_eq!(written, encoded(bytes.len()));
}

/// Appends what a segment of a token says. It is false if that is not base64url.
pub(crate) fn append_decoded(segment: impl AsRef<[u8]>, bytes: &mut Vec<u8>) -> bool {
    ENGINE.decode_vec(segment, bytes).is_ok()
}

/// Decodes a segment of a token into `room`, and returns how many bytes it has. It is `None` if it
/// is not base64url, or does not fit.
pub(crate) fn decode(segment: impl AsRef<[u8]>, room: &mut [u8]) -> Option<usize> {
    ENGINE.decode_slice(segment, room).ok()
}

/// Returns how long the base64url of this many bytes is.
pub(crate) fn encoded(length: usize) -> usize {
    encoded_len(length, false).unwrap_or(usize::MAX)
}

/// The engine with the vector instructions of this processor, which it looks up once. A payload
/// costs a quarter of what the portable engine takes for it.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: LazyLock<base64::engine::GeneralPurpose> =
    LazyLock::new(|| base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD));
