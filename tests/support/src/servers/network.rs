//! [`Network`], whose hosts a test takes from each other.

use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

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
}

/// Two hosts on a bridge. The tests reach both of them, also while they do not reach each other.
/// It disappears when it is dropped: drop what runs on its hosts first.
#[derive(Debug)]
pub struct Network {
    name: String,
    hosts: [Host; 2],
}

impl Network {
    /// Makes a network, which needs root and the program `ip`. Without them it says so, and returns
    /// `None`.
    pub fn new() -> Option<Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tb{}{}", std::process::id(), char::from(b'a' + number));
        // A block of addresses for tests of networks (RFC 2544), of which each network has eight.
        let block = (std::process::id() * 16 + u32::from(number)) % (1 << 14);
        let ip = |last| Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, last).to_bits() + 8 * block);
        let hosts = [2, 3].map(|last| Host {
            ip: ip(last),
            namespace: Some(format!("{name}{last}")),
        });
        let network = Self { name, hosts };
        match network.make(ip(1)) {
            Ok(()) => Some(network),
            Err(why) => {
                println!("NOT CHECKED: a network that is cut in two, because {why}");
                None
            }
        }
    }

    fn make(&self, gateway: Ipv4Addr) -> Result<(), String> {
        let bridge = &self.name;
        run(&format!("link add {bridge} type bridge"))?;
        run(&format!("address add {gateway}/29 dev {bridge}"))?;
        run(&format!("link set {bridge} up"))?;
        for (host, port) in self.hosts.iter().zip(self.ports()) {
            let ip = host.ip;
            run(&format!("netns add {port}"))?;
            run(&format!(
                "link add {port} type veth peer name eth0 netns {port}"
            ))?;
            run(&format!("link set {port} master {bridge} up"))?;
            run(&format!("-netns {port} address add {ip}/29 dev eth0"))?;
            run(&format!("-netns {port} link set lo up"))?;
            run(&format!("-netns {port} link set eth0 up"))?;
        }
        Ok(())
    }

    /// The ports of the bridge have the names of the namespaces.
    fn ports(&self) -> impl Iterator<Item = &String> {
        self.hosts.iter().filter_map(|host| host.namespace.as_ref())
    }

    /// The two hosts.
    pub fn hosts(&self) -> [&Host; 2] {
        self.hosts.each_ref()
    }

    /// From now on what one host sends to the other is lost.
    pub fn cut(&self) {
        self.isolate("on");
    }

    /// The end of a cut.
    pub fn heal(&self) {
        self.isolate("off");
    }

    fn isolate(&self, isolated: &str) {
        for port in self.ports() {
            run(&format!(
                "link set {port} type bridge_slave isolated {isolated}"
            ))
            .unwrap();
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // What was not made cannot be deleted.
        for port in self.ports() {
            let _ = run(&format!("link delete {port}"));
            let _ = run(&format!("netns delete {port}"));
        }
        let _ = run(&format!("link delete {}", self.name));
    }
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

static NEXT: AtomicU8 = AtomicU8::new(0);
