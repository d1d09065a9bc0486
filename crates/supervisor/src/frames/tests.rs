use super::*;
use proptest::prelude::*;

fn order() -> impl Strategy<Value = Order> {
    let run = (any::<u64>(), any::<u8>(), any::<u64>(), any::<u64>(), any::<u32>(), any::<u32>());
    prop_oneof![
        run.prop_map(|(id, tier, timeout_us, memory_bytes, pids, cpu_percent)| {
            Order::Run(Run { id, tier, timeout_us, memory_bytes, pids, cpu_percent })
        }),
        (any::<u64>(), 0_usize..4).prop_map(|(id, why)| Order::Kill { id, why: Stop::ALL[why] }),
        Just(Order::Report),
    ]
}

fn told() -> impl Strategy<Value = Told> {
    let name = || proptest::collection::vec(any::<u8>(), 0..MAX_NAME);
    let ended =
        (any::<u64>(), proptest::option::of(0_usize..4), any::<Option<i32>>(), any::<[u32; 3]>(), any::<[u64; 3]>());
    prop_oneof![
        (any::<[u32; 3]>(), any::<[u64; 3]>(), any::<u8>(), any::<[u8; 32]>(), "\\PC{0,20}").prop_map(
            |([protocol, pids, cpu_percent], [build, memory_bytes, longest_us], cgroup, profile, python)| {
                Told::Hello(Hello {
                    protocol,
                    build,
                    cgroup,
                    profile,
                    memory_bytes,
                    pids,
                    cpu_percent,
                    longest_us,
                    python,
                })
            }
        ),
        "\\PC{0,200}".prop_map(Told::Refused),
        (any::<u64>(), any::<bool>()).prop_map(|(id, warm)| Told::Started { id, warm }),
        (any::<u64>(), any::<u64>(), name()).prop_map(|(id, size, name)| Told::File { id, size, name }),
        (any::<u64>(), any::<u8>(), name()).prop_map(|(id, reason, name)| Told::Rejected { id, reason, name }),
        (any::<u64>(), "\\PC{0,200}").prop_map(|(id, why)| Told::Failed { id, why }),
        ended.prop_map(|(id, stop, status, [oom_kills, more_rejected, line], [wall_us, cpu_us, peak_memory_bytes])| {
            let stop = stop.map(|index| Stop::ALL[index]);
            let more_reason = 3;
            Told::Ended(Ended {
                id,
                stop,
                status,
                oom_kills,
                wall_us,
                cpu_us,
                peak_memory_bytes,
                more_rejected,
                more_reason,
                line,
            })
        }),
        (any::<u8>(), 0_usize..4, any::<[u32; 2]>(), "\\PC{0,200}").prop_map(
            |(tier, state, [ready, zygotes], trouble)| {
                Told::Tier { tier, state: TierState::ALL[state], ready, zygotes, trouble }
            }
        ),
    ]
}

proptest! {
    /// Protects both sides: what one writes is what the other reads.
    #[test]
    fn frames_survive_the_wire(order in order(), told in told()) {
        prop_assert_eq!(Order::decode(&order.encode()), Some(order));
        prop_assert_eq!(Told::decode(&told.encode()), Some(told));
    }

    /// Protects the privileged side: any bytes are read or refused, never a panic; what is read is exactly
    /// what those bytes say.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in any::<prop::sample::Index>()) {
        let mut named = bytes.clone();
        if let Some(first) = named.first_mut() {
            *first = b"rk?HNSFJEXT"[kind.index(11)];
        }
        for frame in [bytes, named] {
            if let Some(order) = Order::decode(&frame) {
                prop_assert_eq!(order.encode(), frame.clone());
            }
            let _read = Told::decode(&frame);
        }
    }

    /// Protects against frames cut short: an order is whole or none.
    #[test]
    fn orders_cut_short_are_none(order in order(), cut in 1_usize..40) {
        let frame = order.encode();
        if cut < frame.len() {
            prop_assert_eq!(Order::decode(&frame[..frame.len() - cut]), None);
        }
    }
}
