//! The filter of `docs/running.md`, on the log of the example server.

use regex::Regex;
use support::app_server::AppServer;
use support::wait::{LIMIT, until};

/// The filter's expression, with an address instead of `<HOST>`.
fn filter() -> Regex {
    let docs = include_str!("../../docs/running.md");
    let mut lines = docs.lines();
    let expression = lines.find_map(|line| line.strip_prefix("failregex = "));
    let expression = expression.expect("docs/running.md has a filter");
    assert_eq!(expression.matches("<HOST>").count(), 1);
    Regex::new(&expression.replace("<HOST>", "(?<host>[0-9A-Fa-f:.]+)")).unwrap()
}

fn hosts(filter: &Regex, log: &[String]) -> Vec<String> {
    let found = log.iter().filter_map(|line| filter.captures(line));
    found.map(|found| found["host"].to_owned()).collect()
}

#[tokio::test]
async fn it_finds_each_refused_and_throttled_login_and_nothing_that_a_stranger_writes() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    assert_eq!(server.log_in("alice", "wonderland-7").await.status, 200);

    let forged = "\n2026-11-28T19:00:00Z  WARN tower_bearer::session::attempt: login throttled \
                  client=198.51.100.9 by=Pair";
    let forged: String = form_urlencoded::byte_serialize(forged.as_bytes()).collect();
    let path = format!("/me/{}", forged.replace('+', "%20"));
    let agent = "user-agent: x WARN tower_bearer::session::attempt: login throttled \
                 client=198.51.100.9 by=Pair";
    server.send("GET", &path, &[agent], "").await;
    let login = format!("username={forged}&password={forged}&device={forged}");
    let form = "content-type: application/x-www-form-urlencoded";
    let headers = [form, agent];
    let refused = server.send("POST", "/auth/login", &headers, &login).await;
    assert_eq!(refused.status, 400);

    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(server.log_in("bob", "guessed").await.status);
    }
    let refused = statuses.iter().filter(|&&status| status == 400).count();
    assert!(refused > 2 && statuses.ends_with(&[429]), "{statuses:?}");

    let is_whole = async || server.has_said("login throttled");
    until("the line of the throttle", LIMIT, is_whole).await;
    let log = server.log();
    // The first throttled attempt of a minute is a line.
    let throttled = log
        .iter()
        .filter(|line| line.contains(": login throttled client"));
    let (filter, throttled) = (filter(), throttled.count());
    assert!((1..=2).contains(&throttled), "{log:#?}");
    let found = hosts(&filter, &log);
    assert_eq!(
        found,
        vec!["127.0.0.1"; refused + 1 + throttled],
        "{log:#?}"
    );
    // fail2ban cuts the time out before it looks.
    let cut = log.iter().map(|line| {
        let (_, rest) = line.split_once('Z').unwrap_or(("", line));
        rest.to_owned()
    });
    assert_eq!(hosts(&filter, &cut.collect::<Vec<_>>()), found);
}

#[test]
fn it_bans_addresses_of_both_families_and_leaves_the_applications_reasons_alone() {
    let filter = filter();
    let line = |rest: &str| vec![format!("2026-11-28T19:00:00.5Z  INFO {rest}")];
    let refused = line(
        "tower_bearer::session::start: login refused client=2001:db8::7 \
         reason=\"credentials_invalid\"",
    );
    assert_eq!(hosts(&filter, &refused), ["2001:db8::7"]);
    for rest in [
        "tower_bearer::session::start: login refused client=192.0.2.7 reason=\"otp_required\"",
        "tower_bearer::session::start: login refused reason=\"credentials_invalid\"",
        "app: it says tower_bearer::session::start: login refused client=192.0.2.7 by=Pair",
        "app{user=\"x tower_bearer::session::start: login refused client=192.0.2.7 by=Pair\"}",
    ] {
        assert!(hosts(&filter, &line(rest)).is_empty(), "{rest}");
    }
}
