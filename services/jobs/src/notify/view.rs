//! Notifications and deliveries as clients see them.

use super::options::NextStep;
use super::{Channel, NoticeKind};
use crate::doc::Millis;
use crate::store::{DeliveryRow, Told, Which};
use crate::{Jobs, store_failure};
use chrono::{DateTime, Utc};
use common::{ErrorCode, Failure, JobId, OwnerId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Deliveries that are shown.
const SHOWN: u64 = 50;

/// Notifications that one request may take as read.
const MOST_IDS: usize = 500;

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NotificationView {
    /// Its id.
    pub id: Uuid,
    /// What it is about.
    pub kind: NoticeKind,
    /// The job.
    pub job_id: JobId,
    /// One plain sentence.
    pub title: String,
    /// The reason, or what was found.
    pub text: String,
    /// Why there is no result; absent where there is one.
    pub code: Option<ErrorCode>,
    /// What can be done, best first; none after a success.
    pub options: Vec<NextStep>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
}

/// One page of notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NotificationPage {
    /// The notifications, newest first.
    pub items: Vec<NotificationView>,
    /// How many are not read, on all pages together.
    pub unread: u64,
    /// Give this as `cursor` for the next page; absent on the last one.
    pub next_cursor: Option<Uuid>,
}

/// Body of `POST /api/v1/notifications/read`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadNotifications {
    /// Which were read; all where it is left out.
    #[serde(default)]
    pub ids: Option<Vec<Uuid>>,
}

/// What is left to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Unread {
    /// How many are not read.
    pub unread: u64,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeliveryView {
    /// Its id; a webhook's `webhook-id` is made of it.
    pub id: Uuid,
    /// Which way it goes.
    pub channel: Channel,
    /// Where to.
    pub address: String,
    /// What it is: `job.succeeded`, `job.failed`, `job.stopped`, `test` or `confirmation`.
    pub event: String,
    /// The job it is about.
    pub job_id: Option<JobId>,
    /// `waiting`, `sent` or `failed`.
    #[schema(example = "sent")]
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried next; only while it waits.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it came to its end.
    pub ended_at: Option<DateTime<Utc>>,
}

/// The latest deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeliveryList {
    /// The deliveries, newest first.
    pub items: Vec<DeliveryView>,
}

fn time(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}

impl NotificationView {
    fn of(told: Told) -> Self {
        let notice = told.notice;
        Self {
            id: told.id,
            kind: notice.kind,
            job_id: notice.job_id,
            title: notice.kind.title().to_owned(),
            text: notice.text,
            code: notice.code,
            options: notice.options,
            created_at: time(notice.at),
            read_at: told.read_at.map(time),
        }
    }
}

impl DeliveryView {
    pub(super) fn of(row: DeliveryRow) -> Self {
        Self {
            id: row.id,
            channel: row.channel,
            address: row.address,
            event: row.payload.event_type().to_owned(),
            job_id: row.job_id,
            next_attempt_at: row.ended_at.is_none().then(|| time(row.next_at)),
            state: row.state,
            attempts: row.attempts,
            last_error: row.last_error,
            created_at: time(row.created_at),
            ended_at: row.ended_at.map(time),
        }
    }
}

impl Jobs {
    /// One page of notifications, newest first.
    ///
    /// # Errors
    /// A storage failure.
    pub async fn notifications(
        &self,
        owner: &OwnerId,
        only_unread: bool,
        before: Option<Uuid>,
        limit: u64,
    ) -> Result<NotificationPage, Failure> {
        let limit = limit.clamp(1, 100);
        let store = &self.inner.store;
        let mut told = store.told(owner, before, only_unread, limit + 1).await.map_err(store_failure)?;
        let more = told.len() as u64 > limit;
        told.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_cursor = told.last().filter(|_| more).map(|told| told.id);
        let unread = store.unread(owner).await.map_err(store_failure)?;
        Ok(NotificationPage { items: told.into_iter().map(NotificationView::of).collect(), unread, next_cursor })
    }

    /// Takes notifications as read, and answers how many are left.
    ///
    /// # Errors
    /// `invalid_field` for too many at once, or a storage failure.
    pub async fn read_notifications(&self, owner: &OwnerId, read: ReadNotifications) -> Result<Unread, Failure> {
        let which = match read.ids {
            Some(ids) if ids.len() > MOST_IDS => {
                let detail = format!("'ids' may name {MOST_IDS} notifications at most.");
                return Err(Failure::with_detail(ErrorCode::InvalidField, detail));
            }
            Some(ids) => Which::These(ids),
            None => Which::All,
        };
        self.inner.store.mark_read(owner, &which, self.now()).await.map_err(store_failure)?;
        Ok(Unread { unread: self.inner.store.unread(owner).await.map_err(store_failure)? })
    }

    /// The latest deliveries.
    ///
    /// # Errors
    /// A storage failure.
    pub async fn deliveries(&self, owner: &OwnerId) -> Result<DeliveryList, Failure> {
        let rows = self.inner.store.deliveries(owner, SHOWN).await.map_err(store_failure)?;
        Ok(DeliveryList { items: rows.into_iter().map(DeliveryView::of).collect() })
    }
}
