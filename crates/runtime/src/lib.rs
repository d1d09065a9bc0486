//! What a process needs around its services: settings declared once, logging, and an orderly stop.

pub mod settings;
pub mod telemetry;

pub use settings::{Secret, Settings, SettingsError, Variable};
