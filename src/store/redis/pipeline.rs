//! Many commands in one round trip.

use redis::{Cmd, Pipeline};

pub(super) fn all(commands: impl Iterator<Item = Cmd>) -> Pipeline {
    let mut pipeline = Pipeline::new();
    for command in commands {
        pipeline.add_command(command);
    }
    pipeline
}

/// The number of commands in one round trip, and of members that are read from one bucket at once.
pub(super) const AT_ONCE: usize = 256;
