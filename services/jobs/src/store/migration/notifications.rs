//! The tables of notifications: what people were told, where they want to be told it, and what is on its way.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, string_len, string_len_null, text, text_null, uuid, uuid_null,
};

pub struct CreateNotifications;

impl MigrationName for CreateNotifications {
    fn name(&self) -> &str {
        "m0004_create_notifications"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateNotifications {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let notification = Table::create()
            .table("notification")
            .col(uuid("id").primary_key())
            .col(string_len("owner", 64))
            .col(uuid("job_id"))
            .col(text("notice"))
            .col(big_integer("created_at_ms"))
            .col(big_integer_null("read_at_ms"))
            .to_owned();
        manager.create_table(notification).await?;
        let channel = Table::create()
            .table("notification_channel")
            .col(string_len("owner", 64))
            .col(string_len("channel", 16))
            .col(text("address"))
            .col(text("events"))
            .col(string_len_null("secret", 128))
            .col(big_integer_null("confirmed_at_ms"))
            .col(text_null("off_because"))
            .col(string_len_null("code_sha256", 64))
            .col(big_integer_null("code_until_ms"))
            .col(big_integer("code_tries"))
            .col(big_integer("changed_at_ms"))
            .primary_key(Index::create().col("owner").col("channel"))
            .to_owned();
        manager.create_table(channel).await?;
        let delivery = Table::create()
            .table("notification_delivery")
            .col(uuid("id").primary_key())
            .col(string_len("owner", 64))
            .col(string_len("channel", 16))
            .col(text("address"))
            .col(uuid_null("job_id"))
            .col(text("payload"))
            .col(string_len("state", 16))
            .col(big_integer("attempts"))
            .col(big_integer("next_at_ms"))
            .col(uuid_null("lease"))
            .col(big_integer_null("lease_until_ms"))
            .col(text_null("last_error"))
            .col(big_integer("created_at_ms"))
            .col(big_integer_null("ended_at_ms"))
            .to_owned();
        manager.create_table(delivery).await?;
        let indexes = [
            ("ix_notification_owner", "notification", ["owner", "id"]),
            ("ix_notification_job", "notification", ["job_id", "id"]),
            ("ix_delivery_owner", "notification_delivery", ["owner", "id"]),
            ("ix_delivery_job", "notification_delivery", ["job_id", "id"]),
            ("ix_delivery_due", "notification_delivery", ["state", "next_at_ms"]),
        ];
        for (name, table, columns) in indexes {
            let mut index = Index::create().name(name).table(table).to_owned();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
