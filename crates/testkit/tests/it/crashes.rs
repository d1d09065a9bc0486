//! Servers that are killed and begin again.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use testkit::{RabbitMq, Redis};

fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// Protects what tests of crashes say: a server that was killed is gone, and takes connections again once it has begun.
#[test]
fn a_killed_server_is_gone_until_it_begins() {
    match RabbitMq::start() {
        Ok(mut broker) => {
            for _ in 0..2 {
                broker.kill();
                assert!(!listens(broker.address()), "RabbitMQ was killed");
                broker.begin().expect("it begins again");
                assert!(listens(broker.address()));
            }
        }
        Err(why) => eprintln!("SKIPPED: RabbitMQ is not killed: {why}"),
    }
    match Redis::start() {
        Ok(mut server) => {
            let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
            server.kill();
            assert!(!listens(address), "Redis was killed");
            server.begin().expect("it begins again");
            assert!(listens(address));
        }
        Err(why) => eprintln!("SKIPPED: Redis is not killed: {why}"),
    }
    match testkit::postgres() {
        Ok(server) => {
            server.restart().expect("it begins again");
            assert!(listens(server.address()));
        }
        Err(why) => eprintln!("SKIPPED: PostgreSQL is not killed: {why}"),
    }
}
