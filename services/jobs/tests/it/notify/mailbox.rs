//! A small mail server: it speaks SMTP, keeps letters, and can die in the middle of one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How it meets one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Well,
    /// It breaks off while a letter comes in.
    DiesMidway,
    /// It breaks off when it has the letter, before it says so.
    DiesBeforeSayingSo,
    /// It refuses the receiver for good.
    Refuses,
}

/// See the module.
pub struct Mailbox {
    pub port: u16,
    letters: Arc<Mutex<Vec<String>>>,
}

impl Mailbox {
    /// One that meets the n-th connection, counted from 0, like this.
    pub async fn start(mood: impl Fn(usize) -> Mood + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let (port, letters) = (listener.local_addr().expect("an address").port(), Arc::new(Mutex::new(Vec::new())));
        let (kept, count) = (letters.clone(), AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let mood = mood(count.fetch_add(1, Ordering::SeqCst));
                tokio::spawn(talk(connection, mood, kept.clone()));
            }
        });
        Self { port, letters }
    }

    /// The letters it has, the envelope's receiver in the first line.
    pub fn letters(&self) -> Vec<String> {
        self.letters.lock().expect("lock").clone()
    }
}

async fn talk(connection: TcpStream, mood: Mood, letters: Arc<Mutex<Vec<String>>>) {
    let (read, mut write) = connection.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut to = String::new();
    if write.write_all(b"220 mail.test ESMTP\r\n").await.is_err() {
        return;
    }
    while let Ok(Some(line)) = lines.next_line().await {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n",
            "MAIL" | "RSET" | "NOOP" => "250 fine\r\n",
            "RCPT" if mood == Mood::Refuses => "550 nobody\r\n",
            "RCPT" => {
                to.push_str(&line);
                "250 fine\r\n"
            }
            "DATA" => {
                if write.write_all(b"354 go on\r\n").await.is_err() {
                    return;
                }
                let mut letter = vec![to.clone()];
                loop {
                    match lines.next_line().await {
                        Ok(Some(line)) if line == "." => break,
                        Ok(Some(line)) => letter.push(line),
                        _ => return,
                    }
                    if mood == Mood::DiesMidway {
                        return;
                    }
                }
                letters.lock().expect("lock").push(letter.join("\n"));
                if mood == Mood::DiesBeforeSayingSo {
                    return;
                }
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "500 what\r\n",
        };
        if write.write_all(answer.as_bytes()).await.is_err() || word == "QUIT" {
            return;
        }
    }
}
