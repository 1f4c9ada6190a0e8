//! Tokens of any header and any payload, with a good signature.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_bearer_fuzz::{compare, signed};

fuzz_target!(|input: &[u8]| {
    if let Some(token) = signed(input) {
        compare(&token);
    }
});
