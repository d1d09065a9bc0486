//! The wire to the runner inside the jail: it says when it is ready and when the code has ended.

use std::io;
use std::os::fd::OwnedFd;
use tokio::net::UnixStream;

/// Longest line the runner writes; more is not from it.
const MAX_LINE: usize = 64;

/// Our end of the runner's standard input.
#[derive(Debug)]
pub struct Control {
    stream: UnixStream,
    read: Vec<u8>,
}

impl Control {
    /// A connected pair: ours, and the one to start nsjail with.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        Ok((Self { stream: UnixStream::from_std(ours)?, read: Vec::new() }, theirs.into()))
    }

    /// Waits for the runner to be ready.
    pub async fn ready(&mut self) -> io::Result<()> {
        match self.line().await?.as_deref() {
            Some("ready") => Ok(()),
            _ => Err(io::Error::other("the runner did not start")),
        }
    }

    /// Lets the code go.
    pub async fn go(&mut self) -> io::Result<()> {
        self.stream.writable().await?;
        match self.stream.try_write(b"G")? {
            1 => Ok(()),
            _ => Err(io::ErrorKind::WriteZero.into()),
        }
    }

    /// Waits for the wait status of the code. `None` when the runner ended without a word. May be
    /// dropped and called again.
    pub async fn status(&mut self) -> Option<i32> {
        parse(&self.line().await.ok()??)
    }

    /// The wait status, if it was told already.
    pub fn status_now(&mut self) -> Option<i32> {
        let mut chunk = [0_u8; MAX_LINE];
        while let Ok(count @ 1..) = self.stream.try_read(&mut chunk) {
            self.read.extend_from_slice(&chunk[..count]);
        }
        parse(&self.take_line()?)
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(Some(line));
            }
            if self.read.len() > MAX_LINE {
                return Err(io::Error::other("not the runner's words"));
            }
            self.stream.readable().await?;
            let mut chunk = [0_u8; MAX_LINE];
            match self.stream.try_read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(count) => self.read.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take_line(&mut self) -> Option<String> {
        let end = self.read.iter().position(|byte| *byte == b'\n')?;
        let line = self.read.drain(..=end).collect::<Vec<_>>();
        Some(String::from_utf8_lossy(&line[..end]).into_owned())
    }
}

fn parse(line: &str) -> Option<i32> {
    line.strip_prefix("done ")?.parse().ok()
}
