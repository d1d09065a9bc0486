//! Where a person wants to be told: what they choose, and what they are shown of it.

use super::letter::CODE_MINUTES;
use super::mail::checked_address;
use super::{Channel, DeliveryView, NoticeKind, Payload, signature};
use crate::doc::Millis;
use crate::store::{Change, ChannelRow};
use crate::{Jobs, store_failure};
use chrono::{DateTime, Utc};
use common::{ErrorCode, Failure, OwnerId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Codes and tests that one person may have sent in an hour: nobody's mailbox is filled from here.
const ASKED_IN_AN_HOUR: u64 = 10;
const HOUR_MS: Millis = 3_600_000;

/// A mailbox that is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChosenEmail {
    /// The address. A new one gets a code first, and nothing else before that is entered.
    pub address: String,
    /// What is told there.
    pub events: Vec<NoticeKind>,
}

/// A webhook that is chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChosenWebhook {
    /// Its address.
    pub url: String,
    /// What is told there.
    pub events: Vec<NoticeKind>,
}

/// Body of `PUT /api/v1/notifications/settings`: what is left out is switched off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationSettings {
    /// Letters.
    #[serde(default)]
    pub email: Option<ChosenEmail>,
    /// Requests to a server of one's own.
    #[serde(default)]
    pub webhook: Option<ChosenWebhook>,
}

/// Letters, as they are set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EmailView {
    /// The address.
    pub address: String,
    /// What is told there.
    pub events: Vec<NoticeKind>,
    /// Whether the code was entered; before, nothing else is sent.
    pub confirmed: bool,
}

/// The webhook, as it is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WebhookView {
    /// Its address.
    pub url: String,
    /// What is told there.
    pub events: Vec<NoticeKind>,
    /// What requests are signed with; only in the answer that made it.
    pub secret: Option<String>,
    /// Why nothing is sent there any more; saving the settings again switches it on.
    pub off_because: Option<String>,
}

/// Where a person is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettingsView {
    /// Whether this server sends letters at all.
    pub email_available: bool,
    /// Whether webhooks may use plain HTTP.
    pub http_allowed: bool,
    /// Letters.
    pub email: Option<EmailView>,
    /// The webhook.
    pub webhook: Option<WebhookView>,
}

/// Body of `POST /api/v1/notifications/settings/confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The eight digits that were sent to the mailbox.
    pub code: String,
}

/// Body of `POST /api/v1/notifications/settings/test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestOf {
    /// Which channel.
    pub channel: Channel,
}

/// A secret, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewSecret {
    /// What requests are signed with from now on.
    pub secret: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

fn no_randomness(error: rand::rand_core::OsError) -> Failure {
    tracing::error!(%error, "the operating system gives no randomness");
    Failure::new(ErrorCode::Internal)
}

/// Eight digits.
fn new_code() -> Result<String, Failure> {
    use rand::TryRngCore;
    let number = rand::rngs::OsRng.try_next_u64().map_err(no_randomness)?;
    Ok(format!("{:08}", number % 100_000_000))
}

/// Of one owner: the same code of two is not the same digest.
fn digest(owner: &OwnerId, code: &str) -> String {
    hex::encode(Sha256::digest(format!("{owner}\n{}", code.trim())))
}

fn each_once(mut events: Vec<NoticeKind>) -> Vec<NoticeKind> {
    events.sort();
    events.dedup();
    events
}

fn invalid(detail: impl Into<String>) -> Failure {
    Failure::with_detail(ErrorCode::InvalidField, detail)
}

/// What the change of a mailbox comes to: the row, and whether a code has to go out.
fn email_row(chosen: ChosenEmail, before: Option<ChannelRow>) -> (ChannelRow, bool) {
    let events = each_once(chosen.events);
    match before.filter(|before| before.address == chosen.address) {
        Some(before) => (ChannelRow { events, off_because: None, ..before }, false),
        None => {
            let row = ChannelRow {
                channel: Channel::Email,
                address: chosen.address,
                events,
                secret: None,
                confirmed_at: None,
                off_because: None,
                code: None,
                code_tries: 0,
            };
            (row, true)
        }
    }
}

/// What the change of a webhook comes to. Its secret stays unless there was none.
fn webhook_row(chosen: ChosenWebhook, before: Option<ChannelRow>, secret: &str, now: Millis) -> ChannelRow {
    let kept = before.and_then(|before| before.secret);
    ChannelRow {
        channel: Channel::Webhook,
        address: chosen.url,
        events: each_once(chosen.events),
        secret: Some(kept.unwrap_or_else(|| secret.to_owned())),
        confirmed_at: Some(now),
        off_because: None,
        code: None,
        code_tries: 0,
    }
}

impl Jobs {
    fn shown(&self, rows: &[ChannelRow], new_secret: Option<&str>) -> SettingsView {
        let of = |channel| rows.iter().find(|row| row.channel == channel);
        let email = of(Channel::Email).map(|row| EmailView {
            address: row.address.clone(),
            events: row.events.clone(),
            confirmed: row.confirmed_at.is_some(),
        });
        let webhook = of(Channel::Webhook).map(|row| WebhookView {
            url: row.address.clone(),
            events: row.events.clone(),
            secret: row.secret.clone().filter(|secret| Some(secret.as_str()) == new_secret),
            off_because: row.off_because.clone(),
        });
        SettingsView {
            email_available: self.inner.ways.mailer.is_some(),
            http_allowed: self.inner.ways.hooks.rules().http,
            email,
            webhook,
        }
    }

    /// Where this person wants to be told.
    ///
    /// # Errors
    /// A storage failure.
    pub async fn notification_settings(&self, owner: &OwnerId) -> Result<SettingsView, Failure> {
        let rows = self.inner.store.channels(owner).await.map_err(store_failure)?;
        Ok(self.shown(&rows, None))
    }

    /// Sets where this person wants to be told.
    ///
    /// # Errors
    /// `mail_off`, `invalid_field` for an address that is none, `address_refused`, `too_busy` after too many codes, or a
    /// storage failure.
    pub async fn set_notification_settings(
        &self,
        owner: &OwnerId,
        mut chosen: NotificationSettings,
    ) -> Result<SettingsView, Failure> {
        if let Some(email) = &mut chosen.email {
            if self.inner.ways.mailer.is_none() {
                return Err(Failure::new(ErrorCode::MailOff));
            }
            email.address = checked_address(email.address.trim()).map_err(invalid)?;
        }
        if let Some(webhook) = &mut chosen.webhook {
            let refused = |why: &str| Failure::with_detail(ErrorCode::AddressRefused, why);
            webhook.url = self.inner.ways.hooks.rules().url(webhook.url.trim()).map_err(refused)?.into();
        }
        let now = self.now();
        let asked = self.inner.store.asked_since(owner, now - HOUR_MS).await.map_err(store_failure)?;
        let (code, secret) = (new_code()?, signature::new_secret().map_err(no_randomness)?);
        let change = |before: Vec<ChannelRow>| {
            let of = |channel| before.iter().find(|row| row.channel == channel).cloned();
            let mut change = Change { rows: Vec::new(), code: None, told: Vec::new() };
            if let Some(email) = chosen.email {
                let (mut row, needs_code) = email_row(email, of(Channel::Email));
                if needs_code {
                    if asked >= ASKED_IN_AN_HOUR {
                        return Err(Failure::new(ErrorCode::TooBusy));
                    }
                    row.code = Some((digest(owner, &code), now + CODE_MINUTES * 60_000));
                    change.code = Some(code);
                }
                change.rows.push(row);
            }
            if let Some(webhook) = chosen.webhook {
                change.rows.push(webhook_row(webhook, of(Channel::Webhook), &secret, now));
            }
            change.told = change.rows.clone();
            Ok(change)
        };
        let rows = self.inner.store.change_channels(owner, now, change).await.map_err(store_failure)??;
        self.inner.deliveries_waiting.notify_one();
        Ok(self.shown(&rows, Some(&secret)))
    }

    /// Confirms the mailbox by the code that was sent there.
    ///
    /// # Errors
    /// `wrong_code`, or a storage failure.
    pub async fn confirm_email(&self, owner: &OwnerId, code: &str) -> Result<SettingsView, Failure> {
        if !self.inner.store.confirm(owner, &digest(owner, code), self.now()).await.map_err(store_failure)? {
            return Err(Failure::new(ErrorCode::WrongCode));
        }
        self.notification_settings(owner).await
    }

    /// Gives the webhook another secret; the old one is good for nothing from now on.
    ///
    /// # Errors
    /// `channel_off` where there is no webhook, or a storage failure.
    pub async fn renew_secret(&self, owner: &OwnerId) -> Result<NewSecret, Failure> {
        let secret = signature::new_secret().map_err(no_randomness)?;
        if !self.inner.store.set_secret(owner, &secret, self.now()).await.map_err(store_failure)? {
            return Err(Failure::new(ErrorCode::ChannelOff));
        }
        Ok(NewSecret { secret, since: database::now() })
    }

    /// Sends a try to a channel.
    ///
    /// # Errors
    /// `channel_off` where it is not set or not confirmed, `too_busy` after too many, or a storage failure.
    pub async fn test_channel(&self, owner: &OwnerId, channel: Channel) -> Result<DeliveryView, Failure> {
        let now = self.now();
        let rows = self.inner.store.channels(owner).await.map_err(store_failure)?;
        let row = rows.iter().find(|row| row.channel == channel && row.is_on());
        let row = row.ok_or_else(|| Failure::new(ErrorCode::ChannelOff))?;
        if self.inner.store.asked_since(owner, now - HOUR_MS).await.map_err(store_failure)? >= ASKED_IN_AN_HOUR {
            return Err(Failure::new(ErrorCode::TooBusy));
        }
        let made = self.inner.store.queue_delivery(owner, row, &Payload::Test, now).await.map_err(store_failure)?;
        self.inner.deliveries_waiting.notify_one();
        Ok(DeliveryView::of(made))
    }
}
