//! [`ClaimPath`] names a claim, or a member of an object among the claims.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::json::{Json, Object};

/// The way to a claim, from the outermost object on.
#[derive(Clone, Debug, Hash, Serialize, Deserialize)]
pub(super) struct ClaimPath(Box<[Box<str>]>);

impl ClaimPath {
    /// Takes the names on the way.
    ///
    /// # Panics
    ///
    /// `path` is empty.
    #[track_caller]
    pub(super) fn new(path: &[&str]) -> Self {
        assert!(
            !path.is_empty(),
            "the path to a claim is empty. Name a claim: &[\"scp\"]"
        );
        Self(path.iter().map(|&name| name.into()).collect())
    }

    /// Returns the claim. `null` counts as absent.
    pub(super) fn find<'c, 't>(&self, claims: &'c Object<'t>) -> Option<&'c Json<'t>> {
        let (last, way) = self.0.split_last()?;
        way.iter()
            .try_fold(claims, |object, name| object.get(name)?.as_object())?
            .get(last)
            .filter(|claim| !claim.is_null())
    }

    /// Takes the claim out.
    pub(super) fn take_out(&self, claims: &mut Map<String, Value>) {
        let Some((last, way)) = self.0.split_last() else {
            return;
        };
        let object = way.iter().try_fold(claims, |object, name| {
            object.get_mut(&**name)?.as_object_mut()
        });
        if let Some(object) = object {
            object.remove(&**last);
        }
    }

    /// Returns the name of the claim itself.
    pub(super) fn name(&self) -> &str {
        self.0.last().map_or("", |name| name)
    }
}

/// Names the claim, as in `realm_access.roles`.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Names several claims, as in `sub, client_id`.
pub(super) fn names(paths: &[ClaimPath]) -> String {
    let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
    names.join(", ")
}
