//! What is done to the stack.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use testkit::stack::{EngineUrls, Engines, Plan, Stack};
use testkit::{Cut, CuttableProxy};
use tokio::task::block_in_place;

/// How long a line stays cut.
const CUT: Duration = Duration::from_secs(10);
/// How long a killed service stays away.
const AWAY: Duration = Duration::from_millis(500);
/// Peace between two faults.
const PEACE: Duration = Duration::from_secs(3);

/// The engines, as lines to them are named.
const ENGINES: [&str; 4] = ["RabbitMQ", "PostgreSQL", "Redis", "object store"];

/// One thing that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// SIGKILL to a service's program, which is then started again.
    Kill(&'static str),
    /// An engine crashes and starts again.
    Crash(&'static str),
    /// Connections to an engine end, and new ones are refused, for ten seconds.
    Refuse(&'static str),
    /// Nothing gets through to an engine for ten seconds.
    Blackhole(&'static str),
}

/// Everything there is.
pub struct World {
    stack: Option<Stack>,
    engines: Engines,
    lines: BTreeMap<&'static str, CuttableProxy>,
    /// What was done, how often, and how long it took in all.
    pub done: BTreeMap<Fault, (u32, Duration)>,
    random: u64,
}

impl World {
    /// Starts engines, lines to them, and services that know only the lines.
    pub async fn start(model: &str) -> Self {
        let engines = block_in_place(Engines::start).expect("the engines");
        let direct = engines.urls("chaos");
        let addresses = [
            engines.broker.address(),
            engines.postgres.address(),
            ([127, 0, 0, 1], engines.redis.port()).into(),
            engines.store.address(),
        ];
        let mut lines = BTreeMap::new();
        for (name, address) in ENGINES.into_iter().zip(addresses) {
            lines.insert(name, CuttableProxy::start(address).expect("a line"));
        }
        let through = |url: &str, name: &str, address: std::net::SocketAddr| {
            url.replace(&address.to_string(), &lines[name].address().to_string())
        };
        let urls = EngineUrls {
            bus: format!("{}&heartbeat=3", through(&direct.bus, ENGINES[0], addresses[0])),
            database: through(&direct.database, ENGINES[1], addresses[1]),
            shared: through(&direct.shared, ENGINES[2], addresses[2]),
            blob: through(&direct.blob, ENGINES[3], addresses[3]),
        };
        let plan = Plan::new().expect("the programs; 'cargo build --release --workspace --bins' makes them");
        let plan = plan.set("CODE_MODEL_URL", model).set("REASONING_MODEL_URL", model).set("LOG", "warn");
        let plan = ["jobs", "agent", "critic"].into_iter().fold(plan, |plan, service| plan.replicas(service, 2));
        let stack = block_in_place(|| Stack::start(&plan, &urls)).expect("the stack");
        let random = u64::from(std::process::id());
        println!("seed {random}; two replicas of jobs, agent and critic, one of the others");
        Self { stack: Some(stack), engines, lines, done: BTreeMap::new(), random }
    }

    /// The services.
    pub fn stack(&self) -> &Stack {
        self.stack.as_ref().expect("it stands until the end")
    }

    fn random(&mut self, below: usize) -> usize {
        // Knuth's MMIX generator: enough to vary the order, and the same for the same seed.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap_or(0) % below
    }

    /// All faults in random order.
    fn shuffled(&mut self) -> Vec<Fault> {
        let mut faults: Vec<Fault> = testkit::stack::SERVICES.into_iter().map(Fault::Kill).collect();
        for engine in ENGINES {
            faults.extend([Fault::Crash(engine), Fault::Refuse(engine), Fault::Blackhole(engine)]);
        }
        for last in (1..faults.len()).rev() {
            let other = self.random(last + 1);
            faults.swap(last, other);
        }
        faults
    }

    /// Does one after another, each at least once, until it is enough.
    pub async fn torment(&mut self, enough: impl Fn() -> bool) {
        let mut round = 0;
        while round == 0 || !enough() {
            for fault in self.shuffled() {
                if round > 0 && enough() {
                    return;
                }
                let begun = Instant::now();
                self.strike(fault).await;
                let entry = self.done.entry(fault).or_default();
                *entry = (entry.0 + 1, entry.1 + begun.elapsed());
                tokio::time::sleep(PEACE).await;
            }
            round += 1;
        }
    }

    async fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Kill(service) => {
                let stack = self.stack.as_mut().expect("it stands until the end");
                let count = stack.replicas().iter().filter(|replica| replica.service() == service).count();
                self.random = self.random.rotate_left(7);
                let number = usize::try_from(self.random % 97).unwrap_or(0) % count;
                let replica = stack.replica_mut(service, number);
                block_in_place(|| replica.kill());
                tokio::time::sleep(AWAY).await;
                block_in_place(|| replica.begin()).expect("it starts again");
            }
            Fault::Crash("RabbitMQ") => block_in_place(|| {
                self.engines.broker.kill();
                self.engines.broker.begin().expect("RabbitMQ comes up again");
            }),
            Fault::Crash("PostgreSQL") => {
                block_in_place(|| self.engines.postgres.restart()).expect("PostgreSQL comes up again");
            }
            Fault::Crash("Redis") => block_in_place(|| {
                self.engines.redis.kill();
                self.engines.redis.begin().expect("Redis comes up again");
            }),
            Fault::Crash(_) => block_in_place(|| {
                self.engines.store.kill();
                self.engines.store.begin().expect("the object store comes up again");
            }),
            Fault::Refuse(engine) => self.cut(engine, Cut::Refuse).await,
            Fault::Blackhole(engine) => self.cut(engine, Cut::Blackhole).await,
        }
    }

    async fn cut(&self, engine: &str, how: Cut) {
        self.lines[engine].cut(how).await;
        tokio::time::sleep(CUT).await;
        self.lines[engine].restore().await;
    }

    /// Ends everything.
    pub async fn stop(self) {
        block_in_place(|| drop(self));
    }
}
