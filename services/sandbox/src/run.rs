//! Runs of jobs: commands from the bus, answered once however often they come.
//!
//! The answer is stored before it is published. A command that comes again finds it and only publishes
//! it again: finished work is never done twice, whoever died in between.

use crate::Sandbox;
use crate::answer::{Address, Trouble, no_result, publish};
use crate::execute::{Execution, failure, is_plain_name};
use crate::jail::Task;
use crate::live;
use async_trait::async_trait;
use blob::{BlobKey, ErrorKind, InvalidKey};
use bus::{Handled, Handler, Incoming, SharedBus};
use bytes::Bytes;
use common::execution::RunStatus;
use common::wire::jobs_v1::step_event::Outcome;
use common::wire::{InvalidMessage, common_v1, decode, encode, sandbox_v1, tail};
use common::{ErrorCode, Failure};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Largest input of a job's run, in bytes.
const MAX_INPUT_BYTES: u64 = 256 << 20;
/// Largest stored answer, in bytes.
const MAX_EVENT_BYTES: u64 = common::wire::MAX_MESSAGE_BYTES as u64;

/// Handles [`sandbox_v1::Run`].
pub struct RunHandler {
    pub sandbox: Sandbox,
    pub bus: SharedBus,
    pub stop: CancellationToken,
}

/// Where the parts of a step's result stand. All below the job, so that deleting the job removes them.
struct Keys {
    event: BlobKey,
    result: BlobKey,
    outputs: BlobKey,
}

impl Keys {
    fn of(address: Address) -> Result<Self, InvalidKey> {
        let Address { job, step } = address;
        let run = BlobKey::parse(&format!("jobs/{job}/runs/{step}"))?;
        Ok(Self {
            event: BlobKey::parse(&format!("jobs/{job}/steps/{step}/event.pb"))?,
            result: run.join("result.json")?,
            outputs: run.join("outputs")?,
        })
    }
}

#[async_trait]
impl Handler for RunHandler {
    async fn handle(&self, message: &Incoming) -> Handled {
        let parsed = decode::<sandbox_v1::Run>(&message.payload)
            .and_then(|run| Ok((Address::parse(&run.job_id, &run.step_id)?, checked(run)?)));
        let (address, run) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => return Handled::Reject(error.to_string()),
        };
        let Ok(keys) = Keys::of(address) else { return Handled::Reject("ids make no key".into()) };
        let _alone = self.sandbox.0.steps.lock(&address.step.to_string()).await;
        match self.answer(address, &keys, run).await {
            Ok(payload) => publish(&self.bus, address, payload).await,
            Err(trouble) => no_result(&self.bus, message, Some(address), trouble).await,
        }
    }
}

fn checked(run: sandbox_v1::Run) -> Result<sandbox_v1::Run, InvalidMessage> {
    if run.code.is_empty() || run.code.contains('\0') {
        return Err(InvalidMessage::field("code"));
    }
    if !run.inputs.iter().all(|input| is_plain_name(&input.name) && BlobKey::parse(&input.blob_key).is_ok()) {
        return Err(InvalidMessage::field("inputs"));
    }
    Ok(run)
}

impl RunHandler {
    /// The encoded answer: the stored one, or that of a run made now.
    async fn answer(&self, address: Address, keys: &Keys, run: sandbox_v1::Run) -> Result<Vec<u8>, Trouble> {
        let blob = &self.sandbox.0.blob;
        match blob.get(&keys.event, MAX_EVENT_BYTES).await {
            Ok(stored) => return Ok(stored.to_vec()),
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => return Err(Trouble::blob(&error)),
        }
        let Some(wanted) = self.sandbox.0.stops.enter(address.job) else { return encoded(address, killed()) };
        let execution = self.run(address, run, &wanted.stopped).await?;
        if wanted.stopped.is_cancelled() {
            // Nobody reads it, and the job's keys may be gone by now: store nothing.
            return encoded(address, killed());
        }
        let ran = self.store(keys, execution).await?;
        let payload = encoded(address, ran)?;
        blob.put(&keys.event, payload.clone().into()).await.map_err(|error| Trouble::blob(&error))?;
        Ok(payload)
    }

    async fn run(
        &self,
        address: Address,
        run: sandbox_v1::Run,
        stopped: &CancellationToken,
    ) -> Result<Execution, Trouble> {
        let owner = address.job.to_string();
        let slot = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Trouble::Stopping),
            slot = self.sandbox.0.slots.take(&owner) => slot,
        };
        let mut inputs = Vec::with_capacity(run.inputs.len());
        for input in run.inputs {
            inputs.push((input.name, self.fetch(&input.blob_key).await?));
        }
        let longest = self.sandbox.0.settings.max_timeout;
        let timeout = match run.timeout_seconds {
            0 => longest,
            seconds => Duration::from_secs(seconds.into()).min(longest),
        };
        let voice = bus::live::Voice::new(self.bus.clone(), address.job, address.step);
        let task = Task { inputs, live: Some(live::follow(voice)), ..Task::new(run.code, timeout) };
        let kill = stopped.child_token();
        let mut running = std::pin::pin!(self.sandbox.run_in(slot, task, &kill));
        let outcome = tokio::select! {
            outcome = &mut running => outcome,
            () = self.stop.cancelled() => {
                kill.cancel();
                // Killed and cleared away before the service is gone.
                let _ = running.await;
                return Err(Trouble::Stopping);
            }
        };
        let (outcome, isolation) = outcome.map_err(|error| Trouble::Passing(failure(&error)))?;
        Ok(Execution::new(outcome, isolation))
    }

    async fn fetch(&self, key: &str) -> Result<Bytes, Trouble> {
        let gone = |_| Trouble::Final(Failure::with_detail(ErrorCode::WorkerFailed, "An input has no usable key."));
        let key = BlobKey::parse(key).map_err(gone)?;
        self.sandbox.0.blob.get(&key, MAX_INPUT_BYTES).await.map_err(|error| Trouble::blob(&error))
    }

    /// Stores outputs and result, and gives the short form that travels.
    async fn store(&self, keys: &Keys, execution: Execution) -> Result<sandbox_v1::Ran, Trouble> {
        let blob = &self.sandbox.0.blob;
        let Execution { mut result, contents } = execution;
        for (output, content) in result.outputs.iter_mut().zip(contents) {
            let key = output_key(&keys.outputs, &output.name)?;
            blob.put(&key, content).await.map_err(|error| Trouble::blob(&error))?;
            output.path = key.to_string();
        }
        let json = serde_json::to_vec(&result).map_err(|error| internal(&error))?;
        blob.put(&keys.result, json.into()).await.map_err(|error| Trouble::blob(&error))?;
        Ok(sandbox_v1::Ran {
            status: common_v1::RunStatus::from(result.status).into(),
            exit_code: result.exit_code,
            signal: result.signal,
            duration_ms: result.duration_ms,
            cpu_ms: result.cpu_ms,
            peak_memory_bytes: result.peak_memory_bytes,
            stdout_tail: tail(&result.stdout, sandbox_v1::Ran::TAIL_BYTES).to_owned(),
            stderr_tail: tail(&result.stderr, sandbox_v1::Ran::TAIL_BYTES).to_owned(),
            outputs: result.outputs.into_iter().map(common_v1::Output::from).collect(),
            result_key: keys.result.to_string(),
        })
    }
}

fn output_key(outputs: &BlobKey, name: &str) -> Result<BlobKey, Trouble> {
    BlobKey::parse(&format!("{outputs}/{name}")).map_err(|error| internal(&error))
}

/// The answer for a job that nobody waits for any more.
fn killed() -> sandbox_v1::Ran {
    sandbox_v1::Ran { status: common_v1::RunStatus::from(RunStatus::Killed).into(), ..Default::default() }
}

fn encoded(address: Address, ran: sandbox_v1::Ran) -> Result<Vec<u8>, Trouble> {
    encode(&address.event(Outcome::Ran(ran))).map_err(|error| internal(&error))
}

fn internal(error: &dyn std::error::Error) -> Trouble {
    tracing::error!(%error, "a run's result could not be told");
    Trouble::Final(Failure::new(ErrorCode::WorkerFailed))
}
