//! [`Turns`] bounds how many passwords are worked on at once, how many wait, and their memory.

use std::collections::TryReserveError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The permits to work on a password. Each has memory of its own, which passes from one password to
/// the next while others wait. Without a queue the memory is freed.
///
/// Without that, each thread that hashes would leave its share of the heap behind: an allocator
/// keeps what was freed for the thread that freed it.
pub(super) struct Turns {
    at_once: Arc<Semaphore>,
    waiting: AtomicUsize,
    max_waiting: usize,
    /// Memory that the next password takes over. With the memory in use it is never more than one a
    /// permit.
    spare: Mutex<Vec<Memory>>,
}

/// A permit, and its memory. Both are given back when it is dropped.
pub(super) struct Turn {
    turns: Arc<Turns>,
    memory: Memory,
    /// The number of blocks that most passwords need. More is not kept.
    usual: usize,
    _permit: OwnedSemaphorePermit,
}

type Memory = Vec<Block>;

impl Turns {
    pub(super) fn new(at_once: usize, max_waiting: usize) -> Arc<Self> {
        Arc::new(Self {
            at_once: Arc::new(Semaphore::new(at_once.clamp(1, Semaphore::MAX_PERMITS))),
            waiting: AtomicUsize::new(0),
            max_waiting,
            spare: Mutex::default(),
        })
    }

    /// Waits for a permit, or returns `None` if too many wait already.
    pub(super) async fn take(self: &Arc<Self>, usual: usize) -> Option<Turn> {
        let at_once = || Arc::clone(&self.at_once);
        let (permit, memory) = match at_once().try_acquire_owned() {
            Ok(permit) => (permit, self.spare().pop()),
            Err(_) => {
                let _waiting = Waiting::join(self)?;
                let permit = at_once().acquire_owned().await.ok()?;
                (permit, self.spare().pop())
            }
        };
        Some(Turn {
            turns: Arc::clone(self),
            memory: memory.unwrap_or_default(),
            usual,
            _permit: permit,
        })
    }

    fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Memory>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Returns this many blocks of memory, whatever is in them.
    ///
    /// # Errors
    ///
    /// There is not enough memory.
    pub(super) fn blocks(&mut self, count: usize) -> Result<&mut [Block], TryReserveError> {
        if count > self.memory.len() {
            // Nothing of the old memory is wanted, so that it is freed first.
            self.memory = Vec::new();
            let room = if count < LARGE {
                count
            } else {
                count.max(MAPPED)
            };
            self.memory.try_reserve_exact(room)?;
            self.memory.resize(count, Block::new());
        }
        Ok(&mut self.memory[..count])
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        let mut spare = self.turns.spare();
        let freed = if self.turns.is_waited_for() {
            if memory.len() <= self.usual {
                spare.push(memory);
            }
            Vec::new()
        } else {
            std::mem::take(&mut *spare)
        };
        // Memory is freed without the lock.
        drop(spare);
        drop(freed);
    }
}

/// A place in the queue.
struct Waiting<'a>(&'a Turns);

impl<'a> Waiting<'a> {
    fn join(turns: &'a Turns) -> Option<Self> {
        let join = |waiting: usize| (waiting < turns.max_waiting).then_some(waiting + 1);
        turns
            .waiting
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, join)
            .ok()
            .map(|_| Self(turns))
    }
}

/// The last one in the queue frees what nothing takes over: its client may have hung up.
impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.0.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
            let unused = std::mem::take(&mut *self.0.spare());
            drop(unused);
        }
    }
}

/// At least this many blocks, 1 MiB, are [`MAPPED`].
const LARGE: usize = 1024;
/// The room for a large memory, 33 MiB. The allocator of glibc maps what has more than 32 MiB, and
/// gives it back to the system when it is freed. Room that nothing is written to takes no memory.
const MAPPED: usize = 33 * 1024;
