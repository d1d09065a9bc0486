//! Finding jobs by words: each job keeps the text that a search looks through beside it.

use super::entity::job;
use crate::doc::{Job, Seen};
use common::job::JobState;
use common::{ErrorCode, Failure, JobId};
use sea_orm::prelude::Expr;
use sea_orm::sea_query::LikeExpr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Most characters of a search.
const MOST_CHARACTERS: usize = 200;

/// Takes its meaning from the character after it in a pattern. Both engines write this one the same way.
const ESCAPE: char = '!';

/// Jobs that are given their words at a time.
const BATCH: u64 = 200;

/// What part of the list of jobs is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    state: Option<JobState>,
    /// In lower case, each without white space.
    words: Vec<String>,
    before: Option<JobId>,
}

impl Wanted {
    /// Jobs in this state, with all words of the search, older than the job `before`.
    ///
    /// # Errors
    /// `invalid_field` for a search of more than 200 characters.
    pub fn new(state: Option<JobState>, search: &str, before: Option<JobId>) -> Result<Self, Failure> {
        if search.chars().count() > MOST_CHARACTERS {
            let detail = format!("'q' has at most {MOST_CHARACTERS} characters.");
            return Err(Failure::with_detail(ErrorCode::InvalidField, detail));
        }
        let words = search.to_lowercase().split_whitespace().map(str::to_owned).collect();
        Ok(Self { state, words, before })
    }
}

/// What a search looks through: what was asked, what was found, the pictures' titles, kinds and names, and the id.
pub(super) fn words_of(job: &Job) -> String {
    let mut text = format!("{} {} {}", job.id, job.prompt, job.summary);
    for Seen { kind, title, .. } in job.seen.iter().flatten() {
        text.extend([" ", kind.as_str(), " ", title]);
    }
    for picture in &job.pictures {
        text.extend([" ", &picture.name]);
    }
    // PostgreSQL's text has no zero bytes.
    text.to_lowercase().replace('\0', " ")
}

/// The condition that a job is as wanted.
pub(super) fn condition(wanted: &Wanted) -> Condition {
    let state = wanted.state.map(|state| job::Column::State.eq(state.as_str()));
    let before = wanted.before.map(|before| job::Column::Id.lt(before.0));
    let mut all = Condition::all().add_option(state).add_option(before);
    for word in &wanted.words {
        all = all.add(job::Column::Words.like(LikeExpr::new(pattern(word)).escape(ESCAPE)));
    }
    all
}

/// The pattern of texts that hold this word as it stands.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for character in word.chars().filter(|character| *character != '\0') {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern + "%"
}

/// Gives jobs from before there was a search their words. One that cannot be read has none: nothing can show it either.
pub(super) async fn fill_in<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    let mut after = uuid::Uuid::nil();
    loop {
        let next = job::Entity::find().select_only().column(job::Column::Id).column(job::Column::Doc);
        let next = next.filter(job::Column::Id.gt(after)).order_by_asc(job::Column::Id).limit(BATCH);
        let rows: Vec<(uuid::Uuid, String)> = next.into_tuple().all(db).await?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = *last;
        for (id, doc) in &rows {
            let Ok(one) = serde_json::from_str::<Job>(doc) else { continue };
            job::Entity::update_many()
                .col_expr(job::Column::Words, Expr::value(words_of(&one)))
                .filter(job::Column::Id.eq(*id))
                .exec(db)
                .await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects searches for `100%` or `a_b`: what means something in a pattern is looked for as it stands.
    #[test]
    fn words_are_looked_for_as_they_stand() {
        for (word, expected) in [("sales", "%sales%"), ("100%", "%100!%%"), ("a_b", "%a!_b%"), ("now!", "%now!!%")] {
            assert_eq!(pattern(word), expected);
        }
    }
}
