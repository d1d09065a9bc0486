//! The library that a zygote loads: makes locked-down children of a warm Python process.
//!
//! Compiled by the build script on its own, without dependencies, and embedded in the supervisor. Python
//! calls [`darkroom_serve`], which returns only in children; then [`darkroom_wait`], which returns when
//! there is code to run.

mod kernel;
mod lockdown;
mod pages;

use core::ffi::{c_int, c_long};
use kernel::{CLONE_VFORK, CLONE_VM, NEW_PID, SIGCHLD, _exit, close, fork, getpid, number, receive, syscall, waitpid};
use lockdown::{Entry, fail, lock_down, wait_for_code};

unsafe extern "C" {
    // Python's own preparations around a fork; see its C API, "PyOS_BeforeFork".
    fn PyOS_BeforeFork();
    fn PyOS_AfterFork_Parent();
    fn PyOS_AfterFork_Child();
}

/// Process ids in a fresh room: 1 is its first process, 2 the go-between, 3 the one that runs the code.
const CODE_PID: c_int = 3;

struct Order {
    entry: Entry,
    filter: *const u8,
    filter_len: usize,
}

/// Serves orders for children from a socket. Answers 0 in each child, locked down; 1 in the zygote when
/// the socket has ended; a negative number when an order could not be carried out.
///
/// # Safety
/// `filter` points to `filter_len` bytes that stay; the caller is Python's only thread and holds its lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn darkroom_serve(socket: c_int, filter: *const u8, filter_len: usize, cpu_seconds: u64) -> c_int {
    loop {
        let Some((b'S', [room, stdout, stderr, gate])) = receive(socket, 4) else { return 1 };
        let entry = Entry { room, stdout, stderr, gate, cpu_seconds };
        let order = Order { entry, filter, filter_len };
        // Children from now on belong to the room's process ids.
        // SAFETY: joining by handle passes no pointers.
        let joined = unsafe { syscall(number::SETNS, room, NEW_PID) };
        if joined == 0 {
            // SAFETY: `go_between` ends its process or returns in the new child only.
            let between = unsafe { call_in_sharing_child(go_between, &raw const order) };
            if between == 0 {
                return 0;
            }
            if between > 0 {
                // SAFETY: no status is asked for.
                unsafe { waitpid(between, core::ptr::null_mut(), 0) };
            }
        }
        // A child that was not made shows at its gate, which nobody holds any more.
        for fd in [room, stdout, stderr, gate] {
            // SAFETY: received for this order only.
            unsafe { close(fd) };
        }
    }
}

/// Tells the supervisor that this child is ready, and waits for its code. Answers 0.
#[unsafe(no_mangle)]
pub extern "C" fn darkroom_wait() -> c_int {
    wait_for_code();
    0
}

/// Forks the child that will run the code and ends, so that the child belongs to the room's first process
/// and the zygote has nothing to wait for. Answers 0 in the child.
extern "C" fn go_between(order: *const Order) -> c_int {
    // SAFETY: the caller's frame, which holds the order, stays while this process exists.
    let order = unsafe { &*order };
    // SAFETY: the caller is Python's only thread.
    unsafe { PyOS_BeforeFork() };
    // SAFETY: memory is shared with the zygote, which is suspended until this process ends.
    let child = unsafe { fork() };
    if child != 0 {
        // SAFETY: undoes the preparation in the memory shared with the zygote.
        unsafe { PyOS_AfterFork_Parent() };
        // SAFETY: ends this process only; the zygote goes on.
        unsafe { _exit(0) };
    }
    // SAFETY: the caller of `darkroom_serve` promised that these bytes stay.
    let filter = unsafe { core::slice::from_raw_parts(order.filter, order.filter_len) };
    lock_down(&order.entry, filter);
    // SAFETY: asks for a number.
    if unsafe { getpid() } != CODE_PID {
        fail(b'i', 0);
    }
    // SAFETY: this is the child of the fork prepared above.
    unsafe { PyOS_AfterFork_Child() };
    0
}

/// Runs `function(order)` in a child that shares this process's memory while this process is suspended.
/// Answers the child's id; or what the function returned, in whatever process it returned.
///
/// Written in assembly because the two processes share a stack: everything the child pushes lies below
/// the stack pointer that this process resumes with, and its registers come back from the kernel.
///
/// # Safety
/// The function either ends its process or returns in a process with memory of its own.
unsafe extern "C" fn call_in_sharing_child(
    function: extern "C" fn(*const Order) -> c_int,
    order: *const Order,
) -> c_int {
    const FLAGS: u64 = CLONE_VM | CLONE_VFORK | SIGCHLD;
    let answer: c_long;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: see above; all registers that a call may change are declared as changed.
    unsafe {
        core::arch::asm!(
            // Below the red zone of the function this stands in, and aligned for a call.
            "mov r15, rsp",
            "sub rsp, 128",
            "and rsp, -16",
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "mov rdi, r13",
            "call r12",
            "2:",
            "mov rsp, r15",
            inout("rax") number::CLONE => answer,
            inout("rdi") FLAGS => _,
            inout("rsi") 0_u64 => _,
            inout("rdx") 0_u64 => _,
            inout("r10") 0_u64 => _,
            inout("r8") 0_u64 => _,
            in("r12") function,
            in("r13") order,
            out("r15") _,
            clobber_abi("C"),
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: see above; all registers that a call may change are declared as changed.
    unsafe {
        core::arch::asm!(
            "svc 0",
            "cbnz x0, 2f",
            "mov x0, x20",
            "blr x21",
            "2:",
            inout("x8") number::CLONE => _,
            inout("x0") FLAGS => answer,
            inout("x1") 0_u64 => _,
            inout("x2") 0_u64 => _,
            inout("x3") 0_u64 => _,
            inout("x4") 0_u64 => _,
            in("x20") order,
            in("x21") function,
            clobber_abi("C"),
        );
    }
    #[expect(clippy::cast_possible_truncation, reason = "process ids and answers are small")]
    let answer = answer as c_int;
    answer
}
