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
