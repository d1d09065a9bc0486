//! The program on the engines that teams run: RabbitMQ as its bus, PostgreSQL for its tables.

use crate::harness::{Script, Server, fenced, sample};
use crate::kill::{SLOW, running};
use serde_json::json;
use testkit::RabbitMq;
use tokio::task::spawn_blocking;

/// Protects accepted work on a durable bus: the program is killed in the middle of a run, and the broker as well; both
/// come again, nobody sends anything, and the job ends well, with no step twice and no model call paid twice.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_survive_kills_on_rabbitmq_and_postgresql() {
    let started = spawn_blocking(|| Ok::<_, String>((RabbitMq::start()?, testkit::postgres()?)));
    let (mut broker, postgres) = match started.await.expect("a thread") {
        Ok(started) => started,
        Err(why) => return eprintln!("SKIPPED: the program on RabbitMQ and PostgreSQL is not tried: {why}"),
    };
    let script = Script::new(&[&fenced(SLOW)], 0);
    let data = tempfile::tempdir().expect("data");
    let (model, bus) = (script.url(), format!("{}?namespace=one", broker.url()));
    let database = postgres.database_of(data.path());
    let variables =
        [("CODE_MODEL_URL", model.as_str()), ("BUS_URL", bus.as_str()), ("DATABASE_URL", database.as_str())];
    let mut first = Server::start(data.path(), &variables);
    let job = first.job(&sample("table.png"), json!({})).await;
    first.until(&job, |view| running(view, "run", 0)).await;
    first.kill();
    broker = spawn_blocking(move || {
        broker.kill();
        broker.begin().expect("the broker comes up again");
        broker
    })
    .await
    .expect("a thread");
    let mut second = Server::start(data.path(), &variables);
    let report = second.report(&job).await;
    assert_eq!(
        (report["state"].as_str(), report["outputs"][0]["name"].as_str()),
        (Some("succeeded"), Some("done.txt"))
    );
    assert_eq!(script.calls().len(), 1, "the finished model call was not paid again");
    let finished: Vec<_> =
        second.events(&job, 0).await.into_iter().filter(|(_, name, _)| name == "step_finished").collect();
    assert_eq!(finished.len(), report["steps"].as_array().map_or(0, Vec::len), "each step finished once");
    assert_eq!(second.terminate(), Some(0));
    drop(broker);
}
