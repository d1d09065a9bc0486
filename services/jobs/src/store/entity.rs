//! Rows of the jobs database. Private to the store.

pub mod job {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "job")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub owner: String,
        pub state: String,
        /// The whole durable state as JSON.
        #[sea_orm(column_type = "Text")]
        pub doc: String,
        /// What a search looks through, in lower case.
        #[sea_orm(column_type = "Text")]
        pub words: String,
        /// Highest event number so far.
        pub last_event: i64,
        /// Earliest end of a running step's lease.
        pub next_lease_ms: Option<i64>,
        pub created_at_ms: i64,
        /// Raised by every change; a change on a stale read is refused.
        pub version: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod event {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "job_event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub job_id: Uuid,
        /// Counted from 1 within the job.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub kind: String,
        #[sea_orm(column_type = "Text")]
        pub data: String,
        pub at_ms: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod daily_use {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "daily_use")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        /// Counted from 1970-01-01 UTC.
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: i64,
        pub prompt_tokens: i64,
        pub completion_tokens: i64,
        #[sea_orm(column_name = "call_count")]
        pub calls: i64,
        pub cost_micro_usd: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod idempotency {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        /// SHA-256 of the request, lower-case hex.
        pub request_sha256: String,
        pub job_id: Uuid,
        pub created_at_ms: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod call {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "model_call")]
    pub struct Model {
        /// Follows from the step and the call's number in it: told twice it is the same.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub job_id: Uuid,
        pub owner: String,
        pub started_ms: i64,
        /// The call as JSON.
        #[sea_orm(column_type = "Text")]
        pub data: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod notification {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notification")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub owner: String,
        pub job_id: Uuid,
        /// What is told, as JSON; never changed.
        #[sea_orm(column_type = "Text")]
        pub notice: String,
        pub created_at_ms: i64,
        pub read_at_ms: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod channel {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notification_channel")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub owner: String,
        /// `email` or `webhook`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        #[sea_orm(column_type = "Text")]
        pub address: String,
        /// Kinds of notifications that are sent there, as a JSON list.
        #[sea_orm(column_type = "Text")]
        pub events: String,
        /// What webhooks are signed with.
        pub secret: Option<String>,
        /// Nothing is sent before; for webhooks when it was set.
        pub confirmed_at_ms: Option<i64>,
        /// Why nothing is sent any more.
        #[sea_orm(column_type = "Text", nullable)]
        pub off_because: Option<String>,
        /// SHA-256 of the code that confirms it, lower-case hex.
        pub code_sha256: Option<String>,
        pub code_until_ms: Option<i64>,
        pub code_tries: i64,
        pub changed_at_ms: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod delivery {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notification_delivery")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub owner: String,
        pub channel: String,
        /// Where to, when it was made.
        #[sea_orm(column_type = "Text")]
        pub address: String,
        pub job_id: Option<Uuid>,
        /// What is sent, as JSON.
        #[sea_orm(column_type = "Text")]
        pub payload: String,
        pub state: String,
        pub attempts: i64,
        pub next_at_ms: i64,
        /// Who is at it.
        pub lease: Option<Uuid>,
        pub lease_until_ms: Option<i64>,
        #[sea_orm(column_type = "Text", nullable)]
        pub last_error: Option<String>,
        pub created_at_ms: i64,
        pub ended_at_ms: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
