//! The bus inside one process. Carries encoded bytes, counts attempts, redelivers and sets aside just
//! as a broker does; only a restart empties it.

use crate::{Bus, BusError, Deliveries, Delivery, Incoming, MAX_ATTEMPTS, Outgoing, Subscription};
use async_trait::async_trait;
use common::topic::{self, Topic};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

/// Broadcast messages a slow subscriber may lag behind before it misses some.
const BROADCAST_BACKLOG: usize = 1024;

#[derive(Debug, Default)]
struct QueueState {
    ready: VecDeque<Incoming>,
    dead: Vec<Incoming>,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<QueueState>,
    arrived: Notify,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        // A panic while the lock is held cannot leave the two lists half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push_back(&self, message: Incoming) {
        self.lock().ready.push_back(message);
        self.arrived.notify_one();
    }

    /// Gives a message again, in front, as the same attempt.
    fn put_back(&self, message: Incoming) {
        self.lock().ready.push_front(message);
        self.arrived.notify_one();
    }

    /// Gives a message again, in front, or sets it aside when its attempts are used up.
    fn give_again(&self, mut message: Incoming) {
        if message.attempt >= MAX_ATTEMPTS {
            self.lock().dead.push(message);
            return;
        }
        message.attempt += 1;
        self.lock().ready.push_front(message);
        self.arrived.notify_one();
    }
}

/// See the module.
#[derive(Debug)]
pub struct MemoryBus {
    queues: HashMap<Topic, Arc<Queue>>,
    broadcasts: HashMap<Topic, broadcast::Sender<Incoming>>,
    closed: CancellationToken,
}

impl MemoryBus {
    /// An empty bus.
    pub fn new() -> Self {
        let of = |delivery| Topic::ALL.iter().copied().filter(move |topic| topic.delivery() == delivery);
        Self {
            queues: of(topic::Delivery::Work).map(|topic| (topic, Arc::default())).collect(),
            broadcasts: of(topic::Delivery::Broadcast)
                .map(|topic| (topic, broadcast::Sender::new(BROADCAST_BACKLOG)))
                .collect(),
            closed: CancellationToken::new(),
        }
    }

    fn open(&self) -> Result<(), BusError> {
        if self.closed.is_cancelled() { Err(BusError::Closed) } else { Ok(()) }
    }

    fn queue(&self, topic: Topic) -> Result<&Arc<Queue>, BusError> {
        self.queues.get(&topic).ok_or(BusError::WrongDelivery(topic))
    }
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        self.open()?;
        if message.payload.len() > common::wire::MAX_MESSAGE_BYTES {
            return Err(BusError::TooLarge(message.payload.len()));
        }
        let incoming = Incoming::first(message);
        if let Some(sender) = self.broadcasts.get(&incoming.topic) {
            // An error only says that nobody is listening, which a broadcast allows.
            let _nobody_listening = sender.send(incoming);
            return Ok(());
        }
        self.queue(incoming.topic)?.push_back(incoming);
        Ok(())
    }

    async fn consume(&self, topic: Topic, prefetch: usize) -> Result<Box<dyn Deliveries>, BusError> {
        self.open()?;
        Ok(Box::new(MemoryDeliveries {
            queue: self.queue(topic)?.clone(),
            slots: Arc::new(Semaphore::new(prefetch)),
            closed: self.closed.clone(),
        }))
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        self.open()?;
        let sender = self.broadcasts.get(&topic).ok_or(BusError::WrongDelivery(topic))?;
        Ok(Box::new(MemorySubscription { receiver: sender.subscribe(), closed: self.closed.clone() }))
    }

    async fn dead_letters(&self, topic: Topic) -> Result<Vec<Incoming>, BusError> {
        Ok(self.queue(topic)?.lock().dead.clone())
    }

    async fn check(&self) -> Result<(), BusError> {
        self.open()
    }

    fn is_durable(&self) -> bool {
        false
    }

    async fn close(&self) {
        self.closed.cancel();
    }
}

struct MemoryDeliveries {
    queue: Arc<Queue>,
    slots: Arc<Semaphore>,
    closed: CancellationToken,
}

#[async_trait]
impl Deliveries for MemoryDeliveries {
    async fn next(&mut self) -> Option<Box<dyn Delivery>> {
        let slot = tokio::select! {
            () = self.closed.cancelled() => return None,
            slot = self.slots.clone().acquire_owned() => slot.ok()?,
        };
        loop {
            // Listen before looking, or a message that arrives in between would wake nobody.
            let arrived = self.queue.arrived.notified();
            let (message, more) = {
                let mut state = self.queue.lock();
                (state.ready.pop_front(), !state.ready.is_empty())
            };
            if let Some(message) = message {
                if more {
                    // `notify_one` stores a single wake-up: pass it on for the messages left.
                    self.queue.arrived.notify_one();
                }
                return Some(Box::new(MemoryDelivery {
                    message: Some(message),
                    queue: self.queue.clone(),
                    _slot: slot,
                }));
            }
            tokio::select! {
                () = self.closed.cancelled() => return None,
                () = arrived => {}
            }
        }
    }
}

struct MemoryDelivery {
    /// Taken when settled; still there on drop means the consumer died with it.
    message: Option<Incoming>,
    queue: Arc<Queue>,
    _slot: OwnedSemaphorePermit,
}

impl MemoryDelivery {
    /// Settles it by giving its message back to the queue in that way, after a while.
    fn after(&mut self, delay: Duration, back: fn(&Queue, Incoming)) {
        let Some(message) = self.message.take() else { return };
        let queue = self.queue.clone();
        if delay.is_zero() {
            back(&queue, message);
        } else {
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                back(&queue, message);
            });
        }
    }
}

impl Drop for MemoryDelivery {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            self.queue.give_again(message);
        }
    }
}

#[async_trait]
impl Delivery for MemoryDelivery {
    fn message(&self) -> &Incoming {
        self.message
            .as_ref()
            .unwrap_or_else(|| unreachable!("a delivery is settled by value, so it still has its message"))
    }

    async fn ack(mut self: Box<Self>) -> Result<(), BusError> {
        self.message = None;
        Ok(())
    }

    async fn retry(mut self: Box<Self>, delay: Duration) -> Result<(), BusError> {
        self.after(delay, Queue::give_again);
        Ok(())
    }

    async fn put_off(mut self: Box<Self>, delay: Duration) -> Result<(), BusError> {
        self.after(delay, Queue::put_back);
        Ok(())
    }

    async fn reject(mut self: Box<Self>) -> Result<(), BusError> {
        if let Some(message) = self.message.take() {
            self.queue.lock().dead.push(message);
        }
        Ok(())
    }
}

struct MemorySubscription {
    receiver: broadcast::Receiver<Incoming>,
    closed: CancellationToken,
}

#[async_trait]
impl Subscription for MemorySubscription {
    async fn next(&mut self) -> Option<Incoming> {
        loop {
            tokio::select! {
                () = self.closed.cancelled() => return None,
                received = self.receiver.recv() => match received {
                    Ok(message) => return Some(message),
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "subscriber was too slow and missed broadcasts");
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }
}
