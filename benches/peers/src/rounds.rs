//! Interleaved rounds, and medians of what they measure.
//!
//! The cost is the time of the thread on its processor: what else runs on the machine does not
//! count, but for the caches that it fills. Where threads wait for each other, the cost is the time
//! that passes, without the time that a thread waits for a processor.

use std::sync::Barrier;
use std::time::{Duration, Instant};
use std::{fs, thread};

use http::{HeaderValue, StatusCode};
use rustix::process::setpriority_process;
use rustix::time::{ClockId, clock_gettime};

use crate::measured;
use crate::side::{Side, request};

/// The median of the ratios of two costs, which are measured in turns.
pub fn ratio(rounds: usize, mut cost: impl FnMut() -> f64, mut other: impl FnMut() -> f64) -> f64 {
    let ratios = (0..rounds).map(|round| {
        if round % 2 == 0 {
            let cost = cost();
            cost / other()
        } else {
            let other = other();
            cost() / other
        }
    });
    median(ratios.collect())
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The seconds that a side needs on the processor for a request, of `count` that take turns with
/// these tokens.
pub fn cost(
    side: &mut dyn Side,
    tokens: &[HeaderValue],
    count: usize,
    expected: StatusCode,
) -> f64 {
    let mut tokens = tokens.iter().cycle().take(count);
    let mut total = Duration::ZERO;
    loop {
        let batch = tokens.by_ref().take(BATCH).map(Some).map(request);
        let batch: Vec<_> = batch.collect();
        if batch.is_empty() {
            return total.as_secs_f64() / count as f64;
        }
        total += on_processor(|| measured::requests(side, batch, expected));
    }
}

/// The same, for requests without a token.
pub fn cost_without_token(side: &mut dyn Side, count: usize) -> f64 {
    let requests = (0..count).map(|_| request(None)).collect();
    let time = on_processor(|| measured::requests(side, requests, StatusCode::UNAUTHORIZED));
    time.as_secs_f64() / count as f64
}

/// The time that this thread is on a processor meanwhile.
pub fn on_processor(work: impl FnOnce()) -> Duration {
    let start = of_thread();
    work();
    of_thread() - start
}

/// How much work threads do in a second, all together, if each does one piece.
pub fn per_second<W>(threads: usize, work: impl Fn(usize) -> W) -> f64
where
    W: FnOnce() + Send,
{
    let (work, start) = ((0..threads).map(work), Barrier::new(threads));
    let work: Vec<W> = work.collect();
    let longest = thread::scope(|scope| {
        let running = work.into_iter().map(|work| {
            scope.spawn(|| {
                start.wait();
                undisturbed(work)
            })
        });
        let running: Vec<_> = running.collect();
        let times = running.into_iter().map(|thread| thread.join());
        times.map(|time| time.expect("the work is done")).max()
    });
    threads as f64 / longest.expect("one thread or more").as_secs_f64()
}

/// The time that passes meanwhile, without the time that this thread waits for a processor that
/// others have. Meanwhile it goes before others, if the user may do that.
pub fn undisturbed(work: impl FnOnce()) -> Duration {
    let _ = setpriority_process(None, FIRST);
    let (start, delay) = (Instant::now(), run_delay());
    work();
    let time = start.elapsed().saturating_sub(run_delay() - delay);
    let _ = setpriority_process(None, 0);
    time
}

/// How long this thread has waited for a processor, as Linux counts it.
pub fn run_delay() -> Duration {
    let counts = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let delay = counts
        .split(' ')
        .nth(1)
        .and_then(|delay| delay.parse().ok());
    Duration::from_nanos(delay.unwrap_or(0))
}

fn of_thread() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Requests are made before they are measured, few enough to stay in the caches.
const BATCH: usize = 256;
/// The highest priority, as `nice` counts.
const FIRST: i32 = -20;
