//! Passwords: how they are hashed, and how many at once.

mod full_queue;
mod strength;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::Poll;

use tokio::runtime::{Builder, Runtime};
use tower_bearer::{Passwords, SessionError, Verification};

/// The password was right, and its hash is as strong as today's.
fn is_valid(verification: &Verification) -> bool {
    matches!(verification, Verification::Valid { rehashed: None, .. })
}

fn weak() -> Passwords {
    Passwords::new().dangerous_weak()
}

/// A runtime with a single blocking thread, so that its jobs run one after the other, in order.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .expect("a runtime")
}

/// The same, whose blocking thread waits until the sender is dropped: what comes to it stays under
/// way.
fn stuck_runtime() -> (Runtime, mpsc::Sender<()>) {
    let (runtime, (sender, receiver)) = (runtime(), mpsc::channel::<()>());
    runtime.spawn_blocking(move || receiver.recv());
    (runtime, sender)
}

fn poll<F: Future>(runtime: &Runtime, future: &mut Pin<&mut F>) -> Poll<F::Output> {
    runtime.block_on(std::future::poll_fn(|cx| {
        Poll::Ready(future.as_mut().poll(cx))
    }))
}

/// Waits until this runtime has done all earlier jobs.
fn drain(runtime: &Runtime) {
    runtime.block_on(async {
        tokio::task::spawn_blocking(|| ())
            .await
            .expect("the job runs");
    });
}

// requirement 69
#[tokio::test]
async fn a_password_is_hashed_by_argon2id_with_owasps_parameters() {
    let hash = Passwords::new().hash("wonderland-7").await.unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert!(!hash.contains("wonderland"));
    assert_ne!(
        hash,
        Passwords::new().hash("wonderland-7").await.unwrap(),
        "a salt of its own"
    );
}

// requirement 69
#[test]
fn weaker_parameters_are_refused() {
    for (memory, passes) in [(19_455, 2), (19_456, 1), (47_103, 1), (0, 10), (1 << 20, 0)] {
        assert!(
            Passwords::new().with_parameters(memory, passes, 1).is_err(),
            "{memory} {passes}"
        );
    }
    for (memory, passes) in [(19_456, 2), (47_104, 1)] {
        assert!(
            Passwords::new().with_parameters(memory, passes, 1).is_ok(),
            "{memory} {passes}"
        );
    }
}

// requirement 69
#[tokio::test]
async fn a_password_is_checked_exactly_as_it_was_received() {
    let passwords = weak();
    let long = "a".repeat(1000);
    let pairs = [
        (format!("{long}b"), format!("{long}c")),
        (
            format!("{}b", "a".repeat(72)),
            format!("{}c", "a".repeat(72)),
        ),
        ("pass\0word".to_owned(), "pass\0wore".to_owned()),
        ("pass\0".to_owned(), "pass".to_owned()),
        // The same letters to the eye: composed, and not.
        ("\u{e9}\u{1f512}".to_owned(), "e\u{301}\u{1f512}".to_owned()),
        ("wonderland ".to_owned(), "wonderland".to_owned()),
        ("Wonderland".to_owned(), "wonderland".to_owned()),
    ];
    for (password, other) in pairs {
        let stored = passwords.hash(&password).await.unwrap();
        assert!(is_valid(
            &passwords.verify(Some(&stored), &password).await.unwrap()
        ));
        assert_eq!(
            passwords.verify(Some(&stored), &other).await.unwrap(),
            Verification::Invalid,
            "{other:?}"
        );
    }
}

// requirement 69
#[tokio::test]
async fn a_weaker_hash_is_made_anew_at_the_next_login() {
    let (weak, strong) = (weak(), Passwords::new());
    let stored = weak.hash("wonderland-7").await.unwrap();
    assert_eq!(
        strong.verify(Some(&stored), "wonderland-8").await.unwrap(),
        Verification::Invalid
    );

    let Verification::Valid {
        rehashed: Some(anew),
        ..
    } = strong.verify(Some(&stored), "wonderland-7").await.unwrap()
    else {
        panic!("the hash was weaker");
    };
    assert!(
        anew.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{anew}"
    );
    assert!(is_valid(
        &strong.verify(Some(&anew), "wonderland-7").await.unwrap()
    ));
    // A stronger hash than today's parameters make is kept.
    assert!(is_valid(
        &weak.verify(Some(&anew), "wonderland-7").await.unwrap()
    ));
    assert!(is_valid(
        &weak.verify(Some(&stored), "wonderland-7").await.unwrap()
    ));
}

/// The first two are from the tests of the reference implementation, which wrote no version then.
/// The others are from argon2-cffi. Salts and outputs have the lengths of today, or are shorter.
const BEFORE: [(&str, &str); 5] = [
    (
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
        "password",
    ),
    (
        "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ",
        "password",
    ),
    (
        "$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA\
         $XB4lEIprunlXGnbjnAnhy+XLh3Y2tU0HXZSoc9UEzFk",
        "wonderland-7",
    ),
    (
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ\
         $Fv0I8NIZYLfLWpyRooo7kVYi9bZk9PyMKTBAKOKlFrM",
        "wonderland-7",
    ),
    (
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA\
         $pVCf7NfBnIeBytBqo1n8Ug",
        "wonderland-7",
    ),
];

// requirement 69
#[tokio::test]
async fn a_hash_of_an_older_version_or_with_a_short_salt_or_output_is_made_anew() {
    let passwords = Passwords::new();
    for (stored, password) in BEFORE {
        let wrong = passwords.verify(Some(stored), "wonderland-8").await;
        assert_eq!(wrong.unwrap(), Verification::Invalid, "{stored}");
        let verified = passwords.verify(Some(stored), password).await.unwrap();
        let Verification::Valid {
            rehashed: Some(anew),
            ..
        } = verified
        else {
            panic!("{stored}: {verified:?}");
        };
        let memory = if stored.contains("m=65536") {
            65536
        } else {
            19456
        };
        let made_with = format!("$argon2id$v=19$m={memory},t=2,p=1$");
        assert!(anew.starts_with(&made_with), "{anew}");
        let again = passwords.verify(Some(&anew), password).await.unwrap();
        assert!(is_valid(&again));
    }
}

/// A hash that this cannot verify must not tell which users have one.
#[tokio::test]
async fn a_hash_of_another_kind_answers_as_a_wrong_password() {
    let (log, _guard) = support::Log::capture();
    let hashes = [
        "",
        "wonderland-7",
        "$",
        "$argon2id$",
        "$argon2id$v=19$m=19456,t=2,p=1$",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
        "$2b$12$abcdefghijklmnopqrstuuOGfyGfZ0mMIoVYE4Nq0iRGIDDdJJQ1e",
        "$scrypt$ln=15,r=8,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$pbkdf2-sha256$i=1$c29tZXNhbHQ$AAAAAAAAAAAAAA",
        "pbkdf2_sha256$600000$c29tZXNhbHQ$AAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=1,t=0,p=0$YWJjZGVmZ2g$YWJj",
        "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=8,t=4294967295,p=1$c29tZXNhbHQ$\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    for stored in hashes {
        let verified = weak().verify(Some(stored), "wonderland-7").await;
        assert_eq!(verified.unwrap(), Verification::Invalid, "{stored}");
        // The developer has to learn of it, and not of the hash.
        let said = log.take_warnings();
        assert_eq!(said.len(), 1, "{stored}: {said:?}");
        assert!(!said[0].contains("c29tZXNhbHQ") && !said[0].contains("wonderland"));
    }
    let wrong = weak().hash("wonderland-8").await.unwrap();
    let verified = weak().verify(Some(&wrong), "wonderland-7").await.unwrap();
    assert_eq!(verified, Verification::Invalid);
    assert_eq!(log.take_warnings(), [] as [&str; 0]);
}

/// The application's own hashes, of before. In a test they are readable.
fn with_former() -> Passwords {
    weak()
        .with_former_hashes(|stored, password| Some(stored.strip_prefix("plain:")? == password))
        .with_former_hashes(|stored, password| {
            let reversed: String = password.chars().rev().collect();
            Some(stored.strip_prefix("reversed:")? == reversed)
        })
        // A later one does not know better.
        .with_former_hashes(|stored, _| stored.starts_with("plain:").then_some(true))
}

// requirement 69
#[tokio::test]
async fn a_former_hash_is_verified_by_the_application_and_made_anew() {
    for stored in ["plain:wonderland-7", "reversed:7-dnalrednow"] {
        let passwords = with_former();
        let Verification::Valid {
            rehashed: Some(anew),
            ..
        } = passwords
            .verify(Some(stored), "wonderland-7")
            .await
            .unwrap()
        else {
            panic!("{stored} is replaced");
        };
        assert!(anew.starts_with("$argon2id$"), "{anew}");
        let after = passwords.verify(Some(&anew), "wonderland-7").await;
        assert!(is_valid(&after.unwrap()));
        for wrong in ["wonderland-8", "", "plain:wonderland-7"] {
            let verified = passwords.verify(Some(stored), wrong).await.unwrap();
            assert_eq!(verified, Verification::Invalid, "{stored} {wrong}");
        }
    }
    let (log, _guard) = support::Log::capture();
    let verified = with_former().verify(Some("md5:x"), "x").await.unwrap();
    assert_eq!(verified, Verification::Invalid);
    assert_eq!(log.take_warnings().len(), 1);
    // A hash of Argon2 is not theirs.
    let all = weak().with_former_hashes(|_, _| Some(true));
    let stored = weak().hash("wonderland-7").await.unwrap();
    let verified = all.verify(Some(&stored), "wonderland-8").await.unwrap();
    assert_eq!(verified, Verification::Invalid);
}

// requirement 70
#[test]
fn for_a_hash_of_another_kind_the_same_work_is_done() {
    let passwords = Passwords::new();
    let runtime = runtime();
    let time = |stored: Option<&str>| {
        let begin = std::time::Instant::now();
        let verified = runtime.block_on(passwords.verify(stored, "wonderland-7"));
        assert_eq!(verified.unwrap(), Verification::Invalid);
        begin.elapsed()
    };
    // It is not a matter of a few percent: without the work it takes microseconds. On a busy
    // machine one round in a few says nothing.
    let is_worked_on = |stored| (0..20).any(|_| time(Some(stored)) * 4 > time(None));
    for stored in ["$2b$12$abcdefghijklmnopqrstuv", "plain", "$argon2id$"] {
        assert!(is_worked_on(stored), "{stored}");
    }
}

// requirement 70
#[test]
fn for_an_unknown_user_the_same_job_takes_its_turn() {
    let ((stuck, blocker), free) = (stuck_runtime(), runtime());
    let passwords = weak().with_concurrency(1);
    let mut unknown = pin!(passwords.verify(None, "wonderland-7"));
    assert!(
        poll(&stuck, &mut unknown).is_pending(),
        "nothing is answered without a job"
    );
    // This check holds the only permit, so another waits.
    let mut other = pin!(passwords.verify(None, "wonderland-7"));
    assert!(poll(&free, &mut other).is_pending());
    drain(&free);
    assert!(poll(&free, &mut other).is_pending());

    drop(blocker);
    assert_eq!(stuck.block_on(unknown).unwrap(), Verification::Invalid);
    assert_eq!(free.block_on(other).unwrap(), Verification::Invalid);
}

// requirement 72
#[test]
fn the_work_is_done_off_the_threads_of_the_runtime() {
    let (stuck, blocker) = stuck_runtime();
    let passwords = weak();
    let mut hash = pin!(passwords.hash("wonderland-7"));
    assert!(
        poll(&stuck, &mut hash).is_pending(),
        "it was done on the thread that polled"
    );
    // The one thread of the runtime is free for others meanwhile.
    stuck.block_on(async { tokio::spawn(async {}).await.unwrap() });
    drop(blocker);
    stuck.block_on(hash).unwrap();
}

// requirement 72
#[test]
fn no_more_are_worked_on_at_once_than_allowed() {
    let ((stuck, blocker), free) = (stuck_runtime(), runtime());
    let passwords = weak().with_concurrency(2);
    let (mut first, mut second) = (pin!(passwords.hash("a")), pin!(passwords.hash("b")));
    assert!(poll(&stuck, &mut first).is_pending() && poll(&stuck, &mut second).is_pending());
    // A third check, with a clone, on a runtime that is idle.
    let clone = passwords.clone();
    let mut third = pin!(clone.hash("c"));
    assert!(poll(&free, &mut third).is_pending());
    drain(&free);
    assert!(
        poll(&free, &mut third).is_pending(),
        "a third was worked on"
    );
    drop(blocker);
    stuck.block_on(first).unwrap();
    free.block_on(third).unwrap();
}

// requirement 72
#[test]
fn a_client_that_hangs_up_makes_no_room_before_its_job_is_done() {
    let ((stuck, blocker), free) = (stuck_runtime(), runtime());
    let passwords = weak().with_concurrency(1);
    {
        let mut given_up = pin!(passwords.hash("a"));
        assert!(poll(&stuck, &mut given_up).is_pending());
    }
    let mut next = pin!(passwords.hash("b"));
    assert!(poll(&free, &mut next).is_pending());
    drain(&free);
    assert!(
        poll(&free, &mut next).is_pending(),
        "the job before is still there"
    );
    drop(blocker);
    free.block_on(next).unwrap();
}

// requirement 72
#[test]
fn a_client_that_hangs_up_leaves_the_line() {
    let ((stuck, blocker), free) = (stuck_runtime(), runtime());
    let passwords = weak().with_concurrency(1);
    let mut first = pin!(passwords.hash("a"));
    assert!(poll(&stuck, &mut first).is_pending());
    let mut last = {
        let mut given_up = Box::pin(passwords.hash("b"));
        assert!(poll(&stuck, &mut given_up.as_mut()).is_pending());
        let mut last = Box::pin(passwords.hash("c"));
        assert!(poll(&free, &mut last.as_mut()).is_pending());
        last
    };
    drop(blocker);
    stuck.block_on(first).unwrap();
    free.block_on(last.as_mut()).unwrap();
}

#[test]
fn above_the_queue_a_password_is_refused_at_once_with_503_and_retry_after() {
    let ((stuck, blocker), free) = (stuck_runtime(), runtime());
    let passwords = weak().with_concurrency(1).with_max_waiting(2);
    let [mut works, mut waits, mut waits_too] =
        ["a", "b", "c"].map(|password| Box::pin(passwords.hash(password)));
    assert!(poll(&stuck, &mut works.as_mut()).is_pending());
    assert!(poll(&free, &mut waits.as_mut()).is_pending());
    assert!(poll(&free, &mut waits_too.as_mut()).is_pending());
    for refused in [
        free.block_on(passwords.hash("d")).unwrap_err(),
        free.block_on(passwords.verify(None, "d")).unwrap_err(),
    ] {
        assert!(refused.is_busy());
        let answer = SessionError::unavailable(refused).to_response();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()["retry-after"], "1");
    }
    // One of the queue hangs up: its place is free again.
    drop(waits);
    let mut waits = Box::pin(passwords.hash("d"));
    assert!(poll(&free, &mut waits.as_mut()).is_pending());
    drop(blocker);
    stuck.block_on(works).unwrap();
    free.block_on(waits_too).unwrap();
    free.block_on(waits).unwrap();
}

/// Memory passes from one password to the next, with whatever was in it.
#[tokio::test]
async fn a_hash_does_not_depend_on_what_its_memory_was_used_for_before() {
    let (weak, strong) = (
        weak().with_concurrency(1),
        Passwords::new().with_concurrency(1),
    );
    let hashes = [
        weak.hash("wonderland-7").await.unwrap(),
        strong.hash("wonderland-7").await.unwrap(),
    ];
    let verify = async |stored: &str, password: &str| {
        let verified = strong.verify(Some(stored), password).await.unwrap();
        !matches!(verified, Verification::Invalid)
    };
    // All at once, so that the memory goes round.
    let verified = tokio::join!(
        verify(&hashes[1], "wonderland-7"),
        verify(&hashes[0], "wonderland-7"),
        verify(&hashes[1], "wonderland-8"),
        verify(&hashes[0], "wonderland-8"),
        verify(&hashes[1], "wonderland-7"),
    );
    assert_eq!(verified, (true, true, false, false, true));
}
