//! The counters and histograms of the feature `metrics`.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use support::{App, Call, HOUR, MINUTE, StoreFault, at_once, form, send, with_authorization};
use tower_bearer::edge::ClientAddress;

/// Keeps what is counted, and how often each histogram was written to.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeMap<String, u64>>>);

struct Series {
    seen: Seen,
    name: String,
}

impl Seen {
    fn series(&self, key: &Key) -> Arc<Series> {
        let labels = key.labels().map(|label| label.value().to_owned());
        let labels: Vec<_> = labels.collect();
        Arc::new(Series {
            seen: self.clone(),
            name: format!("{} {}", key.name(), labels.join(" ")),
        })
    }

    fn of(&self, name: &str) -> u64 {
        let seen = self.0.lock().unwrap();
        seen.get(name).copied().unwrap_or_default()
    }
}

impl Series {
    fn add(&self, value: u64) {
        let mut seen = self.seen.0.lock().unwrap();
        *seen.entry(self.name.clone()).or_default() += value;
    }
}

impl CounterFn for Series {
    fn increment(&self, value: u64) {
        self.add(value);
    }

    fn absolute(&self, _: u64) {
        unreachable!("counters are incremented");
    }
}

impl HistogramFn for Series {
    fn record(&self, seconds: f64) {
        assert!((0.0..60.0).contains(&seconds), "{seconds}");
        self.add(1);
    }
}

impl GaugeFn for Series {
    fn increment(&self, _: f64) {
        unreachable!("gauges are set");
    }

    fn decrement(&self, _: f64) {
        unreachable!("gauges are set");
    }

    fn set(&self, value: f64) {
        let mut seen = self.seen.0.lock().unwrap();
        seen.insert(self.name.clone(), u64::from(value > 0.5));
    }
}

impl Recorder for Seen {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, unit: Option<Unit>, _: SharedString) {
        assert_eq!(unit, Some(Unit::Seconds));
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}

#[tokio::test]
async fn events_are_counted_by_name_and_reason_without_a_subscriber() {
    let seen = Seen::default();
    let _recorder = metrics::set_default_local_recorder(&seen);
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    app.clock.advance(MINUTE);
    app.refresh(&tokens.refresh).await;
    let wrong = [("username", "alice"), ("password", "guessed")];
    for _ in 0..12 {
        let mut request = form("/login", &wrong);
        let client = ClientAddress::new([192, 0, 2, 7]);
        request.extensions_mut().insert(client);
        app.send(request).await;
    }
    let layer = app.layer();
    let refused = send(&layer, with_authorization("Bearer garbage")).await;
    assert_eq!(refused.status, 401);
    app.me(&tokens.access).await.assert_passed("alice");
    app.sessions.log_out(&tokens.refresh).await.unwrap();
    let of = |event: &str| seen.of(&format!("tower_bearer_events_total {event}"));
    for event in [
        "logged_in ",
        "refreshed ",
        "logged_out ",
        "access_token_refused token_invalid",
    ] {
        assert_eq!(of(event), 1, "{event}: {:?}", seen.0);
    }
    let refused = of("login_refused credentials_invalid");
    let counted = seen.0.lock().unwrap().clone().into_iter();
    let throttled = counted.filter(|(name, _)| name.contains("login_throttled "));
    let throttled: u64 = throttled.map(|(_, count)| count).sum();
    assert!(refused > 0 && throttled > 0, "{:?}", seen.0);
    assert_eq!(refused + throttled, 12);
}

/// A series that begins with 1 has no increase.
#[tokio::test]
async fn the_series_of_known_events_begin_with_zero() {
    let seen = Seen::default();
    let _recorder = metrics::set_default_local_recorder(&seen);
    let _app = App::new();
    for event in [
        "logged_in ",
        "login_refused credentials_invalid",
        "login_refused user_gone",
        "login_refused abandoned",
        "login_refused session_revoked",
        "refreshed ",
        "recovered ",
        "refresh_refused refresh_reused",
        "refresh_refused session_expired",
        "refresh_token_reused ",
        "reauthenticated ",
        "logged_out ",
        "session_revoked reused",
        "session_revoked other",
        "sessions_revoked everywhere",
        "sessions_revoked user_gone",
        "access_token_refused token_invalid",
        "access_token_refused session_revoked",
        "access_token_refused denied",
    ] {
        let name = format!("tower_bearer_events_total {event}");
        assert_eq!(seen.0.lock().unwrap().get(&name), Some(&0), "{event}");
    }
}

#[tokio::test]
async fn a_siege_is_a_gauge() {
    let seen = Seen::default();
    let _recorder = metrics::set_default_local_recorder(&seen);
    let app = App::new();
    let guess = async |number: u32| {
        let name = format!("user {number}");
        let mut request = form("/login", &[("username", &*name), ("password", "guessed")]);
        let client = Ipv4Addr::from_bits(number << 8);
        request.extensions_mut().insert(ClientAddress::new(client));
        app.send(request).await;
    };
    for number in 0..2_200 {
        guess(number).await;
    }
    assert_eq!(seen.of("tower_bearer_siege "), 1);
    app.clock.advance(2 * HOUR);
    guess(1).await;
    assert_eq!(seen.0.lock().unwrap().get("tower_bearer_siege "), Some(&0));
}

#[tokio::test]
async fn calls_of_the_store_are_timed_with_their_outcome() {
    let seen = Seen::default();
    let _recorder = metrics::set_default_local_recorder(&seen);
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    let of = |call: &str| seen.of(&format!("tower_bearer_store_seconds {call}"));
    assert_eq!((of("insert ok"), of("insert error")), (1, 0));
    assert!(of("charge ok") > 0 && of("read ok") > 0, "{:?}", seen.0);

    app.clock.advance(MINUTE);
    app.refresh(&tokens.refresh).await.tokens();
    assert_eq!((of("find ok"), of("find error")), (1, 0));

    app.store.set_fault(Some(StoreFault::All));
    let id = tokens.session_id();
    assert!(app.sessions.revoke(&"alice".into(), &id).await.is_err());
    app.store.set_fault(None);
    assert_eq!((of("find ok"), of("find error")), (1, 1));

    // The client hangs up.
    let _pause = app.store.pause_at(Call::List);
    assert!(at_once(app.sessions.list(&"alice".into())).is_none());
    assert_eq!(of("list given_up"), 1, "{:?}", seen.0);
}
