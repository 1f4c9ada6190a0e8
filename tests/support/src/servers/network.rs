//! [`Network`], whose hosts a test takes from each other.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};
use std::{fs, process};

/// Where a program runs: an IP address, and the network namespace that has it.
#[derive(Clone, Debug)]
pub struct Host {
    pub(crate) ip: Ipv4Addr,
    namespace: Option<String>,
}

impl Host {
    /// The host of the tests.
    pub const LOOPBACK: Self = Self {
        ip: Ipv4Addr::LOCALHOST,
        namespace: None,
    };

    /// Returns a command that runs a program here, as one process.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Some(namespace) = &self.namespace else {
            return Command::new(program);
        };
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{namespace}"));
        command.arg(program);
        command
    }

    /// The port of the bridge, which has the name of the namespace.
    fn port(&self) -> &str {
        self.namespace.as_deref().unwrap()
    }

    /// Whether packets get from here to another host and back: no one listens there at port 1, and
    /// the host says so.
    fn reaches(&self, other: &Self) -> Result<(), String> {
        let (here, there) = (self.ip, other.ip);
        let mut connect = self.command("timeout");
        connect.args(["10", "bash", "-c", &format!(": </dev/tcp/{there}/1")]);
        let ended = connect.env("LC_ALL", "C").output();
        let program = connect.get_program().display();
        let ended = ended.map_err(|error| format!("{program} cannot be run: {error}"))?;
        let said = String::from_utf8_lossy(&ended.stderr);
        match said.contains("Connection refused") {
            true => Ok(()),
            false => Err(format!("{here} does not reach {there}: {said:?}")),
        }
    }
}

/// Two hosts on a bridge. The tests reach both of them, also while they do not reach each other.
/// It disappears when it is dropped: drop what runs on its hosts first.
#[derive(Debug)]
pub struct Network {
    name: String,
    hosts: [Host; 2],
    /// What was made, as `ip` deletes it.
    made: Vec<String>,
}

impl Network {
    /// Makes a network, which needs root, and the programs `ip` and `nsenter`. Where none can be
    /// made it says so, and returns `None`.
    pub fn new() -> Option<Self> {
        TIDIED.call_once(tidy_up);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let letter = char::from(b'a' + number);
        let name = format!("{PREFIX}{}{letter}", process::id());
        // A block of addresses for tests of networks (RFC 2544), of which each network has eight.
        let block = (process::id() * 16 + u32::from(number)) % (1 << 14);
        let ip = |last| Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, last).to_bits() + 8 * block);
        let hosts = [2, 3].map(|last| Host {
            ip: ip(last),
            namespace: Some(format!("{name}{last}")),
        });
        let made = Vec::new();
        let mut network = Self { name, hosts, made };
        match network.make(ip(1)) {
            Ok(()) => Some(network),
            Err(why) => {
                // What `println!` writes is shown only of tests that fail.
                let mut shown = io::stderr();
                let left_out = "NOT CHECKED: a network that is cut in two, because";
                writeln!(shown, "{left_out} {why}").unwrap();
                None
            }
        }
    }

    fn make(&mut self, gateway: Ipv4Addr) -> Result<(), String> {
        let bridge = &self.name;
        run(&format!("link add {bridge} type bridge"))?;
        self.made.push(format!("link delete {bridge}"));
        run(&format!("address add {gateway}/29 dev {bridge}"))?;
        run(&format!("link set {bridge} up"))?;
        for host in &self.hosts {
            let (ip, port) = (host.ip, host.port());
            run(&format!("netns add {port}"))?;
            self.made.push(format!("netns delete {port}"));
            run(&format!(
                "link add {port} type veth peer name eth0 netns {port}"
            ))?;
            self.made.push(format!("link delete {port}"));
            run(&format!("link set {port} master {bridge} up"))?;
            run(&format!("-netns {port} address add {ip}/29 dev eth0"))?;
            run(&format!("-netns {port} link set lo up"))?;
            run(&format!("-netns {port} link set eth0 up"))?;
        }
        self.isolate("off")?;
        let [one, other] = &self.hosts;
        // A firewall may be in the way.
        for (here, there) in [
            (&Host::LOOPBACK, one),
            (&Host::LOOPBACK, other),
            (one, other),
        ] {
            here.reaches(there)?;
        }
        Ok(())
    }

    /// The two hosts.
    pub fn hosts(&self) -> [&Host; 2] {
        self.hosts.each_ref()
    }

    /// From now on what one host sends to the other is lost.
    pub fn cut(&self) {
        self.isolate("on").unwrap();
    }

    /// The end of a cut.
    pub fn heal(&self) {
        self.isolate("off").unwrap();
    }

    fn isolate(&self, isolated: &str) -> Result<(), String> {
        self.hosts.iter().try_for_each(|host| {
            let port = host.port();
            run(&format!(
                "link set {port} type bridge_slave isolated {isolated}"
            ))
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for delete in self.made.iter().rev() {
            if let Err(why) = run(delete) {
                eprintln!("{why}");
            }
        }
    }
}

/// Deletes the networks of processes that were killed. Another may do so at the same time.
fn tidy_up() {
    for (folder, kind) in [("/sys/class/net", "link"), ("/run/netns", "netns")] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_left_over(&name) {
                let _ = run(&format!("{kind} delete {name}"));
            }
        }
    }
}

/// Whether the process that the name tells is gone. This process has not made a network yet: what
/// has its number is that of an older one.
fn is_left_over(name: &str) -> bool {
    let process = name.strip_prefix(PREFIX);
    let process = process.and_then(|rest| rest.split_once(|letter: char| !letter.is_ascii_digit()));
    let process = process.and_then(|(digits, _)| digits.parse::<u32>().ok());
    process.is_some_and(|process| {
        process == process::id() || !Path::new(&format!("/proc/{process}")).exists()
    })
}

fn run(arguments: &str) -> Result<(), String> {
    let ended = Command::new("ip").args(arguments.split(' ')).output();
    let ended = ended.map_err(|error| format!("ip cannot be run: {error}"))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    match ended.status.success() {
        true => Ok(()),
        false => Err(format!("ip {arguments}: {}", said.trim_end())),
    }
}

/// The names of links may have 15 letters: this, the process, a letter, and a digit for each host.
const PREFIX: &str = "tower";
static TIDIED: Once = Once::new();
static NEXT: AtomicU8 = AtomicU8::new(0);
