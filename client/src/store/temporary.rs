//! The files that a save writes before it renames them.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::BoxError;
use crate::secret::Secret;

/// Returns a name that no other save has.
pub(super) fn name_beside(path: &Path) -> Result<PathBuf, BoxError> {
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or(NOT_A_FILE)?);
    name.push(format!(".{}{END}", Secret::random()?.expose()));
    Ok(folder_of(path).join(name))
}

/// Deletes what saves that crashed have left, with tokens in it, and makes the folder outlive a
/// power failure. Both may fail: the file itself is written.
pub(super) fn clean_up(path: &Path) {
    let folder = folder_of(path);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let is_ours = path
            .file_name()
            .is_some_and(|name| is_temporary(&entry.file_name(), name));
        if is_ours && is_left(&entry) {
            let _ = fs::remove_file(entry.path());
        }
    }
    #[cfg(unix)]
    let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
}

pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn is_temporary(name: &OsStr, of: &OsStr) -> bool {
    let random = name
        .as_encoded_bytes()
        .strip_prefix(b".")
        .and_then(|rest| rest.strip_prefix(of.as_encoded_bytes()))
        .and_then(|rest| rest.strip_prefix(b"."))
        .and_then(|rest| rest.strip_suffix(END.as_bytes()));
    random.is_some_and(|random| random.len() == 32 && random.iter().all(u8::is_ascii_hexdigit))
}

/// Another process may be about to rename its own.
fn is_left(entry: &DirEntry) -> bool {
    let Ok(about) = entry.metadata() else {
        return false;
    };
    let age = about.modified().ok().and_then(|at| at.elapsed().ok());
    about.is_file() && age.is_some_and(|age| age > LONGEST_SAVE)
}

pub(super) const NOT_A_FILE: &str = "this is not a file";
const END: &str = ".tmp";
const LONGEST_SAVE: Duration = Duration::from_secs(60);
