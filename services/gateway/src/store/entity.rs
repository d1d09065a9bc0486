//! Rows about people. Private to the store.

pub mod user {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Whose objects are this person's.
        pub owner: String,
        pub name: String,
        /// In lower case; at most one person has it.
        pub email: Option<String>,
        pub role: String,
        pub is_active: bool,
        /// `local`, `clerk` or `oidc`.
        pub source: String,
        /// Who vouches for the person, and the name they have there; both or none.
        pub issuer: Option<String>,
        pub subject: Option<String>,
        /// Argon2id, as a PHC string.
        pub password_hash: Option<String>,
        /// The organisation that the person was last seen in.
        pub team: Option<String>,
        pub created_at_ms: i64,
        pub last_seen_at_ms: Option<i64>,
        /// What this person may use where it is not the default, as JSON.
        pub limits: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod session {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// SHA-256 of what the browser shows.
        pub hash: String,
        pub user_id: Uuid,
        /// How it was opened: `link`, `password`, `join` or `oidc`.
        pub via: String,
        pub user_agent: String,
        pub created_at_ms: i64,
        pub last_used_at_ms: i64,
        pub ends_at_ms: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod invitation {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitations")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// SHA-256 of the code.
        pub hash: String,
        pub role: String,
        /// The only address that may use it, where one is named.
        pub email: Option<String>,
        pub made_by: Uuid,
        pub created_at_ms: i64,
        pub ends_at_ms: i64,
        /// Set once, when somebody joined by it.
        pub used_at_ms: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod api_key {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub user_id: Uuid,
        pub name: String,
        /// The part of the key that may be shown; by it a key is found.
        pub prefix: String,
        /// SHA-256 of the secret part.
        pub hash: String,
        /// Names with spaces between them.
        pub scopes: String,
        pub created_at_ms: i64,
        pub ends_at_ms: Option<i64>,
        pub last_used_at_ms: Option<i64>,
        pub revoked_at_ms: Option<i64>,
        /// How many requests a minute it is good for; its owner's allowance alone counts where nothing is said.
        pub requests_per_minute: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod audit {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub struct Model {
        /// Sorts by time.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at_ms: i64,
        pub actor: Option<Uuid>,
        pub action: String,
        pub object: Option<Uuid>,
        /// JSON.
        #[sea_orm(column_type = "Text")]
        pub detail: String,
        pub address: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
