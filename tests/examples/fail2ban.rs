//! The filter of `docs/running.md`, on the log of the example server.

use std::process::Command;

use regex::Regex;
use support::app_server::AppServer;
use support::wait::{LIMIT, until};

/// The filter's expression, with a network instead of `<SUBNET>`. `outcome` is what a jail sets.
fn filter(outcome: Option<&str>) -> Regex {
    let setting = |name: &str| {
        let docs = include_str!("../../docs/running.md");
        let value = docs.lines().find_map(|line| line.strip_prefix(name));
        value.expect("docs/running.md has a filter")
    };
    let expression = setting("failregex = ");
    let outcome = outcome.unwrap_or(setting("outcome = "));
    assert_eq!(expression.matches("<SUBNET>").count(), 1);
    let subnet = "(?<host>[0-9A-Fa-f:.]+(?:/[0-9]+)?)";
    let expression = expression.replace("<SUBNET>", subnet);
    Regex::new(&expression.replace("<outcome>", outcome)).unwrap()
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
                  client=198.51.100.9 network=198.51.100.9 by=Pair name_tag=0";
    let forged: String = form_urlencoded::byte_serialize(forged.as_bytes()).collect();
    let path = format!("/me/{}", forged.replace('+', "%20"));
    let agent = "user-agent: x WARN tower_bearer::session::attempt: login throttled \
                 client=198.51.100.9 network=198.51.100.9 by=Pair name_tag=0";
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
    let throttled = throttled.count();
    assert!((1..=2).contains(&throttled), "{log:#?}");
    let filter = filter(None);
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

/// What `tracing_subscriber::fmt()` writes, alone and behind what journald and syslog add; and what
/// fail2ban leaves of it, since it cuts a time out before it looks.
const PREFIXES: [&str; 12] = [
    "2026-11-28T19:00:00.123456Z  ",
    "  ",
    "2026-11-28T19:00:00.123456+01:00  ",
    "Nov 28 19:00:00 host app[4711]: 2026-11-28T19:00:00.123456Z  ",
    "Nov  8 19:00:00 host app[4711]: 2026-11-08T19:00:00.123456Z  ",
    " host app[4711]: 2026-11-28T19:00:00.123456Z  ",
    "Nov 28 19:00:00 host app[4711]:   ",
    "Nov 28 19:00:00 host app[4711]:  ",
    "2026-11-28T19:00:00+0000 host app[4711]: 2026-11-28T19:00:00.123456Z  ",
    "2026-11-28T19:00:00.123456+00:00 host app[4711]:   ",
    "host app[4711]: 2026-11-28T19:00:00.123456Z  ",
    "host app[4711]:  ",
];

const REFUSED: &str = "INFO tower_bearer::refused_login: login refused client=2001:db8::7:1 \
                       network=2001:db8::/64 reason=\"credentials_invalid\"";
const THROTTLED: &str = "WARN tower_bearer::session::attempt: login throttled client=192.0.2.7 \
                         network=192.0.2.7 by=Pair name_tag=0123456789abcdef retry_after=60";

#[test]
fn it_bans_networks_of_both_families_in_files_in_the_journal_and_in_syslog() {
    let (all, only_throttled) = (filter(None), filter(Some("throttled")));
    for prefix in PREFIXES {
        let line = |rest: &str| vec![format!("{prefix}{rest}")];
        assert_eq!(hosts(&all, &line(REFUSED)), ["2001:db8::/64"], "{prefix:?}");
        assert_eq!(hosts(&all, &line(THROTTLED)), ["192.0.2.7"], "{prefix:?}");
        let found = hosts(&only_throttled, &line(THROTTLED));
        assert_eq!(found, ["192.0.2.7"], "{prefix:?}");
        assert!(hosts(&only_throttled, &line(REFUSED)).is_empty());
    }
}

#[test]
fn it_leaves_the_applications_reasons_and_the_waiting_of_strangers_alone() {
    let filter = filter(None);
    let mut others = vec![
        REFUSED.replace("credentials_invalid", "otp_required"),
        // The handler's own line of a client that is not known.
        "INFO tower_bearer::refused_login: login refused reason=\"credentials_invalid\"".into(),
        format!("app: it says {}", &THROTTLED[5..]),
        format!("INFO app{{user=\"x {}\"}}", &THROTTLED[5..]),
        format!("INFO app: login of x {THROTTLED}"),
        format!("ERROR tower_bearer::session::error: login flow failed cause=no user x {REFUSED}"),
    ];
    for by in ["Home", "Siege", "Open", "Spent", "Back", "Race"] {
        others.push(THROTTLED.replace("by=Pair", &format!("by={by}")));
    }
    for rest in others {
        for prefix in PREFIXES {
            let line = format!("{prefix}{rest}");
            assert!(
                hosts(&filter, std::slice::from_ref(&line)).is_empty(),
                "{line}"
            );
        }
    }
}

/// The filter as fail2ban itself reads it, where it is installed.
#[test]
fn fail2ban_bans_the_same_networks() {
    let docs = include_str!("../../docs/running.md");
    let (_, filter) = docs.split_once("filter.d/tower-bearer.conf\n").unwrap();
    let (filter, _) = filter.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (log, conf) = (
        folder.path().join("app.log"),
        folder.path().join("own.conf"),
    );
    // It reads no line without a time.
    let timed = || PREFIXES.iter().filter(|prefix| prefix.contains(":00:"));
    let lines = timed().map(|prefix| format!("{prefix}{REFUSED}\n{prefix}{THROTTLED}\n"));
    std::fs::write(&log, lines.collect::<String>()).unwrap();
    std::fs::write(&conf, filter).unwrap();
    let banned = |conf: String| {
        let mut command = Command::new("fail2ban-regex");
        let output = command.args(["-o", "ip"]).arg(&log).arg(conf).output();
        let text = String::from_utf8(output.ok()?.stdout).unwrap();
        Some(text.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let conf = conf.to_str().unwrap();
    let Some(found) = banned(conf.to_owned()) else {
        println!("NOT CHECKED: fail2ban is not installed");
        return;
    };
    let both = ["2001:db8::/64", "192.0.2.7"];
    assert_eq!(found, both.repeat(timed().count()));
    let found = banned(format!("{conf}[outcome=throttled]")).unwrap();
    assert_eq!(found, vec![both[1]; timed().count()]);
}
