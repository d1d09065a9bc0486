//! What a process needs around its services: settings declared once, the one place that reads the environment, logging,
//! connections to what the settings name, and the life of a service as a program of its own, from its start to an
//! orderly stop.

pub mod compose;
pub mod environment;
pub mod identity;
mod limits;
pub mod not_ready;
pub mod parts;
pub mod service;
pub mod settings;
pub mod stop;
pub mod telemetry;

pub use environment::{Environment, EnvironmentError};
pub use not_ready::NotReady;
pub use service::Host;
pub use settings::{Secret, Settings, SettingsError, Variable};
