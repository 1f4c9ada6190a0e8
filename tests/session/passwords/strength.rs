//! A hash of Argon2 that is weaker than today's is replaced.

use tower_bearer::{Passwords, Verification};

/// Each pair is the memory and the passes.
// requirement 69
#[tokio::test]
async fn the_hash_that_replaces_a_weaker_one_has_no_less_memory_and_no_less_work() {
    for (stored, current, anew) in [
        // One pass with enough memory is a choice of OWASP too.
        ((65_536, 1), (19_456, 2), None),
        ((47_104, 1), (19_456, 2), None),
        ((19_456, 2), (19_456, 2), None),
        ((65_536, 4), (19_456, 2), None),
        ((65_536, 1), (65_536, 3), Some((65_536, 3))),
        ((19_456, 5), (47_104, 1), Some((47_104, 3))),
        ((19_456, 2), (47_104, 1), Some((47_104, 1))),
        ((32_768, 4), (65_536, 1), Some((65_536, 2))),
    ] {
        let with = |(memory, passes)| Passwords::new().with_parameters(memory, passes, 1).unwrap();
        let hash = with(stored).hash("wonderland-7").await.unwrap();
        let verified = with(current).verify(Some(&hash), "wonderland-7").await;
        let Verification::Valid { rehashed, .. } = verified.unwrap() else {
            panic!("{stored:?} {current:?}");
        };
        let rehashed = rehashed.map(|hash| hash.split('$').nth(3).unwrap().to_owned());
        let anew = anew.map(|(memory, passes)| format!("m={memory},t={passes},p=1"));
        assert_eq!(rehashed, anew, "{stored:?} {current:?}");
    }
}
