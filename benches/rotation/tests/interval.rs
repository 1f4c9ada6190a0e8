//! The intervals of Wilson.

use rotation::interval::Interval;

fn assert_interval(some: u64, all: u64, from: f64, to: f64) {
    let interval = Interval::new(some, all);
    assert!((interval.from - from).abs() < 0.0005, "{interval:?}");
    assert!((interval.to - to).abs() < 0.0005, "{interval:?}");
}

#[test]
fn an_interval_ends_where_the_share_is_so_many_deviations_away() {
    for (some, all) in [(1, 10), (13, 1000), (250, 500), (499, 500)] {
        let Interval { share, from, to } = Interval::new(some, all);
        for end in [from, to] {
            let deviation = (end * (1.0 - end) / all as f64).sqrt();
            let deviations = (share - end).abs() / deviation;
            assert!(
                (deviations - 1.96).abs() < 1e-9,
                "{some} of {all}: {deviations}"
            );
        }
    }
}

#[test]
fn a_share_of_none_or_all_has_an_interval_too() {
    let bound = 1.96 * 1.96 / (500.0 + 1.96 * 1.96);
    assert_interval(0, 500, 0.0, bound);
    assert_interval(500, 500, 1.0 - bound, 1.0);
}
