//! What is beside the file of a login, and what is there in its place.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tower_bearer_client::{FileTokenStore, StoredLogin, TokenStore};

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const RANDOM: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn what_a_crash_has_left_is_deleted_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path().join("login.json"));
    let write = |name: &str, age: u64| {
        let file = File::create(folder.path().join(name)).unwrap();
        let at = SystemTime::now() - Duration::from_secs(age);
        file.set_modified(at).unwrap();
        name.to_owned()
    };
    let left = || write(&format!(".login.json.{RANDOM}.tmp"), 3600);
    let mut others = vec![
        // Another process is about to rename it.
        write(&format!(".login.json.{}.tmp", RANDOM.replace('0', "f")), 0),
        write(&format!(".other.json.{RANDOM}.tmp"), 3600),
        write(".login.json.backup.tmp", 3600),
        write(&format!("login.json.{RANDOM}.tmp"), 3600),
    ];
    others.sort();

    left();
    store.save(&StoredLogin::default()).unwrap();
    let mut with_login = others.clone();
    with_login.push("login.json".into());
    with_login.sort();
    assert_eq!(names(folder.path()), with_login);

    left();
    store.clear().unwrap();
    assert_eq!(names(folder.path()), others);
    left();
    store.clear().unwrap();
    assert_eq!(names(folder.path()), others);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login.json");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let (sender, receiver) = std::sync::mpsc::channel();
    let store = FileTokenStore::new(&path);
    std::thread::spawn(move || sender.send(store.load().unwrap_err().to_string()));
    let refused = receiver.recv_timeout(Duration::from_secs(10));
    assert!(refused.unwrap().contains("not a file"));
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_stays_and_its_target_is_written_and_deleted() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("login.json");
    let (link, second) = (folder.path().join("link"), folder.path().join("second"));
    // The one beside it, and that leads to another folder.
    symlink("second", &link).unwrap();
    symlink(&target, &second).unwrap();
    let store = FileTokenStore::new(&link);
    // The second time the target is not there any more, but the links are.
    for _ in 0..2 {
        assert!(store.load().unwrap().is_none());
        store.save(&StoredLogin::default()).unwrap();
        store.save(&StoredLogin::default()).unwrap();
        let about = fs::symlink_metadata(&target).unwrap();
        assert!(about.is_file());
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
        assert_eq!(names(elsewhere.path()), ["login.json"]);
        assert!(store.load().unwrap().is_some());
        store.clear().unwrap();
        assert!(!target.exists());
        assert_eq!(names(folder.path()), ["link", "second"]);
    }
    // The drive of the target may be away.
    let folder_of_target = elsewhere.path().to_owned();
    drop(elsewhere);
    assert!(!folder_of_target.exists());
    let away = store.load().unwrap_err().to_string();
    assert!(away.ends_with("link: its folder is not there"), "{away}");
    store.save(&StoredLogin::default()).unwrap_err();
    // Nor are links replaced that lead to each other.
    fs::remove_file(&second).unwrap();
    symlink("link", &second).unwrap();
    store.load().unwrap_err();
    store.save(&StoredLogin::default()).unwrap_err();
    store.clear().unwrap_err();
    assert_eq!(names(folder.path()), ["link", "second"]);
}
