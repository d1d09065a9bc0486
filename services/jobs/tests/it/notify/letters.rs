//! Letters, from the settings to the mailbox.

use super::mailbox::{Mailbox, Mood};
use super::{get, no_model, send, settings, settled, started, until};
use crate::harness::{Process, straight};
use actix_web::test::TestRequest;
use common::FileId;
use serde_json::{Value, json};

async fn set(process: &Process, address: &str) -> (u16, Value) {
    let body = json!({ "email": { "address": address, "events": ["job_succeeded", "job_failed", "job_stopped"] } });
    send(process, TestRequest::put(), "/settings", body).await
}

async fn confirm(process: &Process, code: &str) -> (u16, Value) {
    send(process, TestRequest::post(), "/settings/confirm", json!({ "code": code })).await
}

/// The code of the last letter.
async fn code(mailbox: &Mailbox, letters: usize) -> String {
    let letter = until("the code comes", async || mailbox.letters().get(letters - 1).cloned()).await;
    let line = letter.lines().map(str::trim).find(|line| line.len() == 8 && line.bytes().all(|b| b.is_ascii_digit()));
    line.expect("a code").to_owned()
}

/// Protects people who run no mail server, and their users: the settings say so, and nothing is promised.
#[actix_web::test]
async fn without_a_mail_server_there_are_no_letters() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let process = started(folder.path(), file, settings(None), straight).await;
    assert_eq!(get(&process, "/settings").await["email_available"], json!(false));
    let (status, problem) = set(&process, "a@example.org").await;
    assert_eq!((status, &problem["code"]), (409, &json!("mail_off")));
    process.end().await;
}

/// Protects mailboxes of others: an address gets a code and nothing else until that is entered; then it is told how jobs
/// end, in the product's own words and without anything of the picture. Another address begins anew.
#[actix_web::test]
async fn an_address_gets_a_code_and_nothing_else_until_it_is_confirmed() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let mailbox = Mailbox::start(|_| Mood::Well).await;
    let process = started(folder.path(), file, settings(Some(mailbox.port)), no_model).await;
    for bad in ["", "nobody", "a@example.org\r\nBcc: b@example.org", "a@example.org,b@example.org"] {
        let (status, problem) = set(&process, bad).await;
        assert_eq!((status, &problem["code"]), (422, &json!("invalid_field")), "{bad:?}");
    }
    let (status, view) = set(&process, "a@example.org").await;
    assert_eq!((status, &view["email"]["confirmed"]), (200, &json!(false)), "{view}");
    let sent = code(&mailbox, 1).await;
    let id = process.create(file).await;
    process.until_final(id).await;
    let (_, problem) = send(&process, TestRequest::post(), "/settings/test", json!({ "channel": "email" })).await;
    assert_eq!(problem["code"], json!("channel_off"));
    let deliveries = settled(&process, 1).await;
    assert_eq!((deliveries[0].event.as_str(), deliveries[0].state.as_str()), ("confirmation", "sent"));
    let wrong = if sent == "00000000" { "00000001" } else { "00000000" };
    assert_eq!(confirm(&process, wrong).await.1["code"], json!("wrong_code"));
    assert_eq!(confirm(&process, &sent).await.1["email"]["confirmed"], json!(true));
    assert_eq!(confirm(&process, &sent).await.1["code"], json!("wrong_code"), "good once");
    assert_eq!(set(&process, "a@example.org").await.1["email"]["confirmed"], json!(true), "still the same address");

    let id = process.create(file).await;
    process.until_final(id).await;
    settled(&process, 2).await;
    let letters = mailbox.letters();
    assert_eq!(letters.len(), 2, "{letters:?}");
    let letter = letters[1].replace("=\n", "");
    assert!(letter.starts_with("RCPT TO:<a@example.org>") && letter.contains("Subject: Darkroom: Your job has failed"));
    assert!(letter.contains(&format!("https://darkroom.example.org/jobs/{id}")), "{letter}");
    assert!(!letter.contains("WORDS OF A PICTURE") && letter.contains("Retry it as it was."), "{letter}");

    assert_eq!(set(&process, "b@example.org").await.1["email"]["confirmed"], json!(false));
    let id = process.create(file).await;
    process.until_final(id).await;
    settled(&process, 3).await;
    assert!(mailbox.letters()[2].starts_with("RCPT TO:<b@example.org>"));
    process.end().await;
}

/// Protects addresses from being confirmed by guessing, and mailboxes from being filled: a code stands five guesses, the
/// same settings saved again give no more of them, and codes are few.
#[actix_web::test]
async fn codes_are_not_guessed_and_not_poured_out() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let mailbox = Mailbox::start(|_| Mood::Well).await;
    let process = started(folder.path(), file, settings(Some(mailbox.port)), straight).await;
    set(&process, "a@example.org").await;
    let sent = code(&mailbox, 1).await;
    let wrong = if sent == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..5 {
        assert_eq!(confirm(&process, wrong).await.0, 422);
        assert_eq!(set(&process, "a@example.org").await.0, 200);
    }
    assert_eq!(confirm(&process, &sent).await.0, 422, "guessed at too often");
    let mut statuses = Vec::new();
    for number in 0..12 {
        statuses.push(set(&process, &format!("a{number}@example.org")).await.0);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 9, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    process.end().await;
}

/// Protects letters from a mail server that dies over them: they are sent again, under the same id, so that a mailbox may
/// know one that came twice; a mail server that refuses for good is not asked again.
#[actix_web::test]
async fn a_mail_server_that_dies_gets_the_same_letter_again() {
    for (mood, letters, state) in
        [(Mood::DiesMidway, 1, "sent"), (Mood::DiesBeforeSayingSo, 2, "sent"), (Mood::Refuses, 0, "failed")]
    {
        let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
        let mailbox = Mailbox::start(move |number| if number == 0 { mood } else { Mood::Well }).await;
        let process = started(folder.path(), file, settings(Some(mailbox.port)), straight).await;
        set(&process, "a@example.org").await;
        let deliveries = settled(&process, 1).await;
        assert_eq!(deliveries[0].state, state, "{mood:?}: {deliveries:?}");
        let all = mailbox.letters();
        let id = |letter: &String| letter.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned);
        assert_eq!(all.len(), letters, "{mood:?}");
        assert!(all.iter().all(|letter| id(letter).is_some() && id(letter) == id(&all[0])), "{mood:?}: {all:?}");
        process.end().await;
    }
}
