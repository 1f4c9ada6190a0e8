//! Where a file is that is named by a symbolic link.

use std::fs;
use std::path::{Path, PathBuf};

use super::temporary::folder_of;
use crate::BoxError;

/// Follows symbolic links, also to a file that is not there: a link to a file that was deleted has
/// to lead to the next one. `fs::canonicalize` fails there.
pub(super) fn end_of(path: &Path) -> Result<PathBuf, BoxError> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            // It is not a link.
            Err(_) => return Ok(path),
        }
    }
    Err("its symbolic links have no end".into())
}

/// As many as Linux follows.
const MOST_LINKS: usize = 40;
