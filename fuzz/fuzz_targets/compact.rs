//! Text of any form in place of a token.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_bearer_fuzz::compare;

fuzz_target!(|token: &str| compare(token));
