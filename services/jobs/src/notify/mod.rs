//! Tells people that a job has ended: in the app, by a signed webhook, by e-mail.
//!
//! What is told is made by pure functions ([`notice`], [`options`], [`letter`]) and stored in the transaction that ends
//! the job, with one delivery for each channel that its owner wants. [`sender`] sends what is due: each replica leases one
//! delivery at a time, so that no two send the same at once, and sends it again under the same id where one died over it.

pub mod address;
mod hook;
mod letter;
mod mail;
mod notice;
mod options;
mod schedule;
pub mod sender;
mod settings;
mod signature;
mod view;

pub use hook::{Hooks, Lookup, system_lookup};
pub use letter::Payload;
pub use mail::{MailError, MailSettings, Mailer};
pub use notice::{Notice, NoticeKind};
pub use settings::{ChosenEmail, ChosenWebhook, Code, NewSecret, NotificationSettings, SettingsView, TestOf};
pub use view::{DeliveryList, DeliveryView, NotificationPage, ReadNotifications, Unread};

use serde::{Deserialize, Serialize};

/// A way to tell people outside of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A letter.
    Email,
    /// A signed request to a server of theirs.
    Webhook,
}

impl Channel {
    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
        }
    }

    /// The channel of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Webhook].into_iter().find(|channel| channel.as_str() == text)
    }
}

/// What the operator chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// How letters are sent.
    pub mail: MailSettings,
    /// Where webhooks may go.
    pub rules: address::Rules,
    /// Address that people use, for links; empty where it is not known.
    pub public_url: String,
    /// How long a replica has for a delivery before it is taken for dead; [`sender::LEASE`] unless a test is to see it.
    pub lease: Option<std::time::Duration>,
}

/// The ways out.
pub struct Ways {
    /// For webhooks.
    pub hooks: Hooks,
    /// For letters, where there is mail.
    pub mailer: Option<Mailer>,
    /// See [`Settings::public_url`].
    pub public_url: String,
    /// See [`Settings::lease`].
    pub lease: std::time::Duration,
}

/// The ways out cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum NoWay {
    /// There can be no HTTP client.
    #[error("webhooks cannot be sent")]
    Http(#[from] reqwest::Error),
    /// See [`MailError`].
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl Ways {
    /// By these settings.
    ///
    /// # Errors
    /// See [`NoWay`].
    pub fn new(settings: &Settings, lookup: Lookup) -> Result<Self, NoWay> {
        Ok(Self {
            hooks: Hooks::new(settings.rules.clone(), lookup)?,
            mailer: Mailer::new(&settings.mail)?,
            public_url: settings.public_url.trim_end_matches('/').to_owned(),
            lease: settings.lease.unwrap_or(sender::LEASE),
        })
    }
}
