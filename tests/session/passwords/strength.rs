//! A hash of Argon2 that is weaker than today's is replaced, and one that costs more is a warning.

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

// requirement 70
#[tokio::test]
async fn a_hash_that_takes_longer_than_an_unknown_user_is_a_warning_with_its_parameters() {
    let (log, _guard) = support::Log::capture();
    let (passwords, stored) = (Passwords::new(), DEARER);
    for verified in [
        passwords.verify(Some(stored), "wonderland-8").await,
        passwords.clone().verify(Some(stored), "wonderland-8").await,
    ] {
        assert_eq!(verified.unwrap(), Verification::Invalid);
    }
    let warnings = log.take_warnings();
    let [line] = &warnings[..] else {
        panic!("{warnings:?}")
    };
    let cure = "`Passwords::with_parameters(65536, 2, 1)`";
    assert!(line.contains(cure), "{line}");
    // With the cure, and for a hash of today's, there is none.
    let cured = Passwords::new().with_parameters(65_536, 2, 1).unwrap();
    for passwords in [cured, Passwords::new()] {
        for stored in [None, Some(TODAYS)] {
            let verified = passwords.verify(stored, "wonderland-8").await;
            assert_eq!(verified.unwrap(), Verification::Invalid);
        }
    }
    assert_eq!(log.take_warnings(), [] as [&str; 0]);
}

/// From the reference implementation, and from argon2-cffi.
const DEARER: &str = "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ\
    $9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ";
const TODAYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ\
    $Fv0I8NIZYLfLWpyRooo7kVYi9bZk9PyMKTBAKOKlFrM";
