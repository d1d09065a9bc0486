//! The closed table of topics: every message on the bus belongs to exactly one.

/// How messages of a topic are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Each message to one consumer, again after a failure, set aside after too many.
    Work,
    /// Each message to every subscriber that is listening now; missed by those that are not.
    Broadcast,
}

macro_rules! topics {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $delivery:ident;)+) => {
        /// A topic of the bus.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Topic { $($(#[$doc])* $variant,)+ }

        impl Topic {
            /// All topics.
            pub const ALL: &'static [Topic] = &[$(Topic::$variant,)+];

            /// Stable name: the queue's or the routing key's.
            pub const fn as_str(self) -> &'static str {
                match self { $(Topic::$variant => $name,)+ }
            }

            /// How its messages are delivered.
            pub const fn delivery(self) -> Delivery {
                match self { $(Topic::$variant => Delivery::$delivery,)+ }
            }
        }
    };
}

topics! {
    /// To the sandbox: look at one picture (`sandbox.v1.Look`).
    SandboxLook = "sandbox.look", Work;
    /// To the sandbox: run reviewed code (`sandbox.v1.Run`).
    SandboxRun = "sandbox.run", Work;
    /// To the agent: one turn of thinking (`agent.v1.Think`).
    AgentThink = "agent.think", Work;
    /// To the critic: review code (`critic.v1.Review`).
    CriticReview = "critic.review", Work;
    /// To the critic: hold a result against its picture (`critic.v1.Compare`).
    CriticCompare = "critic.compare", Work;
    /// To jobs: what came of a step (`jobs.v1.StepEvent`).
    JobsStep = "jobs.step", Work;
    /// To every worker: stop working on a job (`jobs.v1.JobStopped`).
    JobsStopped = "jobs.stopped", Broadcast;
    /// To every replica of jobs: a job has changed (`jobs.v1.JobChanged`).
    JobsChanged = "jobs.changed", Broadcast;
    /// To every replica of jobs: what goes on within a running step (`jobs.v1.JobLive`). Nothing depends on it.
    JobsLive = "jobs.live", Broadcast;
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
