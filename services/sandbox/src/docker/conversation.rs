//! What is said to a container and heard of it, from its start to its end.

use super::body::Plan;
use super::daemon;
use super::frames::{Decoder, Found, MAX_PAYLOAD, Told, frame};
use super::{CODE, INPUTS, SCRIPTS};
use crate::harvest::{Delivery, Kind, Listing};
use crate::jail::parts::SOURCES;
use crate::jail::{JailError, Task};
use bollard::Docker;
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptions, EventsOptionsBuilder, StartContainerOptions,
};
use futures::StreamExt;
use futures::stream::BoxStream;
use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncWrite, AsyncWriteExt};

/// What is kept of the first process's own complaints.
const MAX_COMPLAINT: usize = 4096;
/// Longest wait for news of an end that the daemon may not have heard of yet.
const NEWS_PATIENCE: Duration = Duration::from_secs(3);

/// One container, created. Dropping it removes it in the background, whatever it does.
#[derive(Debug)]
pub struct Container {
    docker: Docker,
    id: String,
}

impl Container {
    /// Makes it; nothing runs yet.
    pub async fn create(docker: &Docker, plan: &Plan, task: &Task) -> Result<Self, JailError> {
        let input_bytes = task.inputs.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let created = docker.create_container(None::<CreateContainerOptions>, plan.body(input_bytes)).await;
        let created = created.map_err(|error| broken("creating the container", &error))?;
        Ok(Self { docker: docker.clone(), id: created.id })
    }

    /// Starts it, with a line to its first process.
    pub async fn start(&self) -> Result<Line, JailError> {
        let options = AttachContainerOptionsBuilder::new().stdin(true).stdout(true).stderr(true).stream(true).build();
        // Before it starts: nothing it says is missed, nobody else can say anything to it.
        let attached = self.docker.attach_container(&self.id, Some(options)).await;
        let AttachContainerResults { output, input } = attached.map_err(|error| broken("attaching", &error))?;
        let started = self.docker.start_container(&self.id, None::<StartContainerOptions>).await;
        started.map_err(|error| broken("starting the container", &error))?;
        Ok(Line { output, input, decoder: Decoder::default(), complaint: Vec::new() })
    }

    /// Ends everything in it.
    pub async fn kill(&self) {
        let options = None::<bollard::query_parameters::KillContainerOptions>;
        if let Err(error) = self.docker.kill_container(&self.id, options).await {
            tracing::debug!(%error, "the container had ended by itself");
        }
    }

    /// True when the kernel ended something in it for lack of memory. For a container that has ended: the
    /// daemon may learn of the one a little after the other, and then says so in its events only.
    pub async fn was_out_of_memory(&self) -> bool {
        let filters = [("type", "container"), ("event", "oom"), ("container", &self.id)];
        let filters: HashMap<_, _> = filters.into_iter().map(|(name, value)| (name, vec![value])).collect();
        // From the beginning of the daemon's memory on, and what comes.
        let options = EventsOptionsBuilder::new().since("1").filters(&filters).build();
        let mut events = std::pin::pin!(self.docker.events(Some(options)));
        matches!(tokio::time::timeout(NEWS_PATIENCE, events.next()).await, Ok(Some(Ok(_))))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let (docker, id) = (self.docker.clone(), std::mem::take(&mut self.id));
        // Outside of a runtime nothing can be awaited; the next start's sweep finds it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { daemon::remove(&docker, &id).await });
        }
    }
}

/// The line to a container's first process.
pub struct Line {
    output: BoxStream<'static, Result<LogOutput, Error>>,
    input: Pin<Box<dyn AsyncWrite + Send>>,
    decoder: Decoder,
    complaint: Vec<u8>,
}

impl Line {
    /// Sends code, inputs and scripts, and waits until all is in place.
    pub async fn prepare(&mut self, task: &Task, plan: &Plan) -> Result<(), JailError> {
        let Self { output, input, decoder, complaint } = self;
        let send = async {
            // A container that takes nothing any more says why, or ends: that is heard, and tells more.
            let _ = send_bundle(input, task, plan).await;
            std::future::pending().await
        };
        let heard = tokio::select! {
            heard = hear(output, decoder, complaint) => heard?,
            () = send => None,
        };
        match heard {
            Some(Told::Ready) => Ok(()),
            Some(_) => Err(self.broken("something else was said than that it is ready")),
            None => Err(self.broken("it ended before it was ready")),
        }
    }

    /// Says one word.
    pub async fn say(&mut self, kind: u8, payload: &[u8]) -> Result<(), JailError> {
        let said = async {
            self.input.write_all(&frame(kind, payload)).await?;
            self.input.flush().await
        };
        said.await.map_err(|error| JailError::Broken(format!("speaking to the container: {error}")))
    }

    /// The next thing it says; nothing when it has ended, or says what nobody understands.
    pub async fn hear(&mut self) -> Result<Option<Told>, JailError> {
        hear(&mut self.output, &mut self.decoder, &mut self.complaint).await
    }

    /// Takes in the outputs; false when they were cut off. `delivery` has what came so far, also when this
    /// fails or is dropped.
    pub async fn take_outputs(&mut self, delivery: &mut Delivery) -> Result<bool, JailError> {
        let mut listing = Listing::default();
        loop {
            match self.hear().await? {
                Some(Told::Entry(path, found)) => listing.add(&path, kind(found)),
                Some(Told::Listed) => break,
                _ => return Ok(false),
            }
        }
        *delivery = listing.decide();
        let numbers: Vec<u8> =
            delivery.wanted().flat_map(|number| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()).collect();
        self.say(b'T', &numbers).await?;
        while !delivery.is_complete() {
            match self.hear().await? {
                Some(Told::Piece(bytes)) => delivery.piece(&bytes),
                Some(Told::Delivered(whole)) => delivery.end(whole),
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Waits until the container has ended by itself.
    pub async fn ended(&mut self) {
        while let Some(Ok(_)) = self.output.next().await {}
    }

    /// What the first process complained about, for the log.
    pub fn complaint(&self) -> String {
        let complaint = String::from_utf8_lossy(&self.complaint);
        common::wire::tail(complaint.trim(), 1500).to_owned()
    }

    fn broken(&self, what: &str) -> JailError {
        JailError::Broken(format!("{what}; its first process says: {}", self.complaint()))
    }
}

async fn hear(
    output: &mut BoxStream<'static, Result<LogOutput, Error>>,
    decoder: &mut Decoder,
    complaint: &mut Vec<u8>,
) -> Result<Option<Told>, JailError> {
    loop {
        match decoder.next() {
            Ok(Some(told)) => return Ok(Some(told)),
            Ok(None) => {}
            Err(error) => {
                // Nothing it says from here on means anything.
                complaint.extend_from_slice(error.to_string().as_bytes());
                return Ok(None);
            }
        }
        match output.next().await {
            Some(Ok(LogOutput::StdOut { message })) => decoder.push(&message),
            Some(Ok(LogOutput::StdErr { message })) => {
                let room = MAX_COMPLAINT.saturating_sub(complaint.len());
                complaint.extend_from_slice(&message[..message.len().min(room)]);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(broken("listening to the container", &error)),
            None => return Ok(None),
        }
    }
}

async fn send_bundle(input: &mut Pin<Box<dyn AsyncWrite + Send>>, task: &Task, plan: &Plan) -> std::io::Result<()> {
    let limits = format!("{} {}", plan.inside_pids(), plan.max_seconds + 60);
    input.write_all(&frame(b'L', limits.as_bytes())).await?;
    let scripts = SOURCES.iter().map(|(path, text)| (format!("{SCRIPTS}/{path}"), text.as_bytes()));
    let code = std::iter::once((CODE.to_owned(), &task.code[..]));
    let inputs = task.inputs.iter().map(|(name, bytes)| (format!("{INPUTS}/{name}"), &bytes[..]));
    // Small files together, so that few pieces travel.
    let mut pending = Vec::with_capacity(2 * MAX_PAYLOAD);
    for (path, content) in scripts.chain(code).chain(inputs) {
        pending.extend(frame(b'P', path.as_bytes()));
        for piece in content.chunks(MAX_PAYLOAD) {
            pending.extend(frame(b'B', piece));
            if pending.len() > MAX_PAYLOAD {
                input.write_all(&pending).await?;
                pending.clear();
            }
        }
    }
    pending.extend(frame(b'W', b""));
    input.write_all(&pending).await?;
    input.flush().await
}

fn kind(found: Found) -> Kind {
    match found {
        Found::File(size) => Kind::File(size),
        Found::Link => Kind::Link,
        Found::Special => Kind::Special,
        Found::Deep => Kind::Deep,
    }
}

fn broken(doing: &str, error: &Error) -> JailError {
    JailError::Broken(format!("{doing}: {error}"))
}
