//! Messages with descriptors over unix sockets that keep message borders (SOCK_SEQPACKET).

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::process::Pid;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// Most descriptors in one message.
pub const MAX_FDS: usize = 4;
/// Longest message in bytes.
pub const MAX_BYTES: usize = 16 * 1024;

/// A connected pair, both ends closed on exec.
///
/// # Errors
/// The system gives none.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Connects to whoever waits at a path.
///
/// # Errors
/// Nobody does, or we may not.
pub fn connect(path: &Path) -> io::Result<OwnedFd> {
    let line = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    rustix::net::connect(&line, &rustix::net::SocketAddrUnix::new(path)?)?;
    Ok(line)
}

/// A received message.
#[derive(Debug)]
pub struct Message {
    /// The bytes, at least one.
    pub bytes: Vec<u8>,
    /// The descriptors, closed on exec.
    pub fds: Vec<OwnedFd>,
    /// The sender's process id as this process sees it, where the socket asks for it.
    pub sender: Option<Pid>,
}

/// Sends one whole message.
///
/// # Errors
/// The other end is gone, or the socket is full and does not block.
pub fn send(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    loop {
        match sendmsg(&socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for one message; `None` when the other end has closed.
///
/// # Errors
/// A message was longer than allowed.
pub fn receive(socket: impl AsFd) -> io::Result<Option<Message>> {
    receive_with(socket, RecvFlags::CMSG_CLOEXEC)
}

/// Takes one message that is there already; `None` when the other end has closed.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] when there is none; a message was longer than allowed.
pub fn receive_now(socket: impl AsFd) -> io::Result<Option<Message>> {
    receive_with(socket, RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT)
}

fn receive_with(socket: impl AsFd, flags: RecvFlags) -> io::Result<Option<Message>> {
    let mut bytes = vec![0_u8; MAX_BYTES];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS), ScmCredentials(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut parts = [IoSliceMut::new(&mut bytes)];
        match recvmsg(&socket, &mut parts, &mut control, flags) {
            Err(Errno::INTR) => {}
            other => break other?,
        }
    };
    let mut message = Message { bytes: Vec::new(), fds: Vec::new(), sender: None };
    for part in control.drain() {
        match part {
            RecvAncillaryMessage::ScmRights(fds) => message.fds.extend(fds),
            RecvAncillaryMessage::ScmCredentials(who) => message.sender = Some(who.pid),
            _ => {}
        }
    }
    if received.bytes == 0 {
        return Ok(None);
    }
    if received.flags.contains(ReturnFlags::TRUNC) || received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(io::Error::other("a message was longer than allowed"));
    }
    bytes.truncate(received.bytes);
    message.bytes = bytes;
    Ok(Some(message))
}
