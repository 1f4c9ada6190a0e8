//! A secret that is dropped is nowhere in the memory of its process.
//!
//! Linux shows a process its own memory, so that no allocator is needed.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::process::Command;

use tower_bearer::{KeySet, Secret, SigningKey};

const NAME: &str = "TOWER_BEARER_TEST_COPIES";
/// The secrets of this test, each byte with one bit changed: this program must not have them.
const MASK: u8 = 1;
const TIMES: usize = 100;
const MASKED: &[u8] = b"qW4e2r8T7y1U9i3O6p5C0s6DQfXG8hCJkM2vB7nL4cR9";

fn secret(masked: &[u8]) -> Vec<u8> {
    masked.iter().map(|byte| byte ^ MASK).collect()
}

fn wipe(mut bytes: Vec<u8>) {
    bytes.fill(0);
    std::hint::black_box(&mut bytes);
}

/// How often the second half of a secret is in memory: an allocator overwrites the first bytes of
/// what was given back. Lower case counts too.
fn copies(masked: &[u8]) -> usize {
    let half = &masked[masked.len() / 2..];
    let is_copy = |window: &[u8]| {
        let mut pairs = window.iter().zip(half);
        pairs.all(|(byte, masked)| byte.eq_ignore_ascii_case(&(masked ^ MASK)))
    };
    let memory = File::open("/proc/self/mem").unwrap();
    let maps = BufReader::new(File::open("/proc/self/maps").unwrap());
    let maps: Vec<String> = maps.lines().map(Result::unwrap).collect();
    let (mut found, mut chunk) = (0, vec![0; 1 << 16]);
    for map in maps
        .iter()
        .filter(|map| map.contains(" rw") && !map.contains("[v"))
    {
        let (range, _) = map.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        let (mut at, end) = (number(start), number(end));
        while at < end {
            // The chunk is memory of this process as well, and would be copied into itself.
            let own = chunk.as_ptr().addr() as u64;
            let own = own..own + chunk.len() as u64;
            if own.contains(&at) {
                at = own.end;
                continue;
            }
            let until = if at < own.start {
                end.min(own.start)
            } else {
                end
            };
            let most = chunk.len().min(usize::try_from(until - at).unwrap());
            let Ok(read @ 1..) = memory.read_at(&mut chunk[..most], at) else {
                break;
            };
            let windows = chunk[..read].windows(half.len());
            found += windows.filter(|window| is_copy(window)).count();
            chunk.fill(0);
            at += read as u64;
            if at < until && read > half.len() {
                // So that no copy lies between two chunks.
                at -= half.len() as u64 - 1;
            }
        }
    }
    found
}

/// Text in one allocation, which never moves.
fn joined(parts: &[&str]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| text.push_str(part));
    text
}

#[test]
#[ignore = "run by the test below, in a process of its own"]
fn child_looks_for_copies() {
    let at_first = copies(MASKED);
    let text = String::from_utf8(secret(MASKED)).unwrap();
    assert_eq!(copies(MASKED), at_first + 1, "a copy is found");
    // Large blocks that are given back are not soon in use again.
    let long = joined(&[&*text; TIMES]);
    let known = joined(&[&long, "changeme"]);
    let jwk = joined(&[r#"{"kty":"oct","k":""#, &long, r#""}"#]);
    let set = joined(&[r#"{"keys":["#, &jwk, "]}"]);
    let given = copies(MASKED);
    assert_eq!(given, at_first + 1 + 4 * TIMES);
    let use_up = |secret: Secret| {
        let ring = secret.clone().with_previous(secret);
        assert!(SigningKey::hs256(&ring).is_ok());
    };

    use_up(Secret::new(&text).unwrap());
    use_up(Secret::new(&long).unwrap());
    use_up(Secret::dangerous_weak(&long));
    assert!(Secret::new(&known).is_err());
    assert!(Secret::new(&text.as_bytes()[14..]).is_err());
    let secret = copies(MASKED) - given;

    use_up(Secret::from_env(NAME).unwrap());
    assert!(Secret::from_env(&format!("{NAME}_ODD")).is_err());
    let environment = copies(MASKED) - given;

    assert!(SigningKey::from_jwk(&jwk).is_ok() && KeySet::from_jwk(&jwk).is_ok());
    assert!(KeySet::from_jwk_set(&set).is_ok());
    let jwks = copies(MASKED) - given;

    for given in [text, long, known, jwk, set] {
        wipe(given.into_bytes());
    }
    let rest = copies(MASKED) - at_first;
    println!("copies: {secret} {environment} {jwks} {rest}.");
}

#[test]
fn a_secret_leaves_no_copies() {
    let text = secret(MASKED).repeat(TIMES);
    let odd = [&*text, b"\xff"].concat();
    let variable =
        |bytes: Vec<u8>| -> std::ffi::OsString { std::os::unix::ffi::OsStringExt::from_vec(bytes) };
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "secret_copies::child_looks_for_copies",
            "--ignored",
            "--nocapture",
        ])
        .env(NAME, variable(text))
        .env(format!("{NAME}_ODD"), variable(odd))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("copies: 0 0 0 0."), "{said}");
}
