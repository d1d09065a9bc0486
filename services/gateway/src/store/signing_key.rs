//! Rows of public keys.

use sea_orm::entity::prelude::*;

/// A public key of one replica.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// Which key it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// The public key, base64url.
    pub x: String,
    /// When it stops being told, in milliseconds since 1970.
    pub ends_at_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
