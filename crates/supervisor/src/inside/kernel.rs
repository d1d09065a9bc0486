//! The few system calls that the lock-down makes, without any dependency: this file is also compiled by
//! itself into the library that the zygote loads.

use core::ffi::{c_char, c_int, c_long, c_uint, c_void};

/// Numbers of system calls that have no wrapper in every C library.
#[cfg(target_arch = "x86_64")]
pub mod number {
    use super::c_long;
    pub const CLONE: c_long = 56;
    pub const CAPSET: c_long = 126;
    pub const UNSHARE: c_long = 272;
    pub const SETNS: c_long = 308;
    pub const SECCOMP: c_long = 317;
    pub const CLOSE_RANGE: c_long = 436;
}
/// Numbers of system calls that have no wrapper in every C library.
#[cfg(target_arch = "aarch64")]
pub mod number {
    use super::c_long;
    pub const CLONE: c_long = 220;
    pub const CAPSET: c_long = 91;
    pub const UNSHARE: c_long = 97;
    pub const SETNS: c_long = 268;
    pub const SECCOMP: c_long = 277;
    pub const CLOSE_RANGE: c_long = 436;
}

// From <linux/sched.h>.
pub const CLONE_VM: u64 = 0x100;
pub const CLONE_VFORK: u64 = 0x4000;
pub const NEW_NS: u64 = 0x0002_0000;
pub const NEW_CGROUP: u64 = 0x0200_0000;
pub const NEW_UTS: u64 = 0x0400_0000;
pub const NEW_IPC: u64 = 0x0800_0000;
pub const NEW_USER: u64 = 0x1000_0000;
pub const NEW_PID: u64 = 0x2000_0000;
pub const NEW_NET: u64 = 0x4000_0000;
pub const SIGCHLD: u64 = 17;

// From <linux/prctl.h>.
pub const PR_SET_DUMPABLE: c_int = 4;
pub const PR_CAPBSET_DROP: c_int = 24;
pub const PR_SET_SECUREBITS: c_int = 28;
pub const PR_SET_NO_NEW_PRIVS: c_int = 38;
pub const PR_CAP_AMBIENT: c_int = 47;
pub const PR_CAP_AMBIENT_CLEAR_ALL: c_long = 4;

// From <fcntl.h> and <errno.h>, the same on both architectures.
pub const F_DUPFD: c_int = 0;
pub const O_WRONLY: c_int = 1;
pub const O_CREAT: c_int = 0o100;
pub const O_EXCL: c_int = 0o200;
pub const EINTR: c_int = 4;
pub const EINVAL: c_int = 22;

// From <sys/mman.h> and <linux/mman.h>, the same on both architectures.
pub const READ_WRITE: c_int = 3;
pub const MAP_PRIVATE: c_int = 2;
pub const MAP_ANONYMOUS: c_int = 0x20;
pub const MAP_NORESERVE: c_int = 0x4000;
pub const MADV_DONTNEED: c_int = 4;
pub const MADV_COLLAPSE: c_int = 25;

/// `struct iovec`.
#[repr(C)]
pub struct IoVec {
    pub base: *mut c_void,
    pub len: usize,
}

/// `struct msghdr` as the GNU and musl C libraries have it on 64-bit Linux.
#[repr(C)]
pub struct MsgHdr {
    pub name: *mut c_void,
    pub name_len: c_uint,
    pub iov: *mut IoVec,
    pub iov_len: usize,
    pub control: *mut c_void,
    pub control_len: usize,
    pub flags: c_int,
}

/// `struct rlimit`.
#[repr(C)]
pub struct RLimit {
    pub soft: u64,
    pub hard: u64,
}

/// `struct sock_fprog`: a seccomp filter.
#[repr(C)]
pub struct Filter {
    pub len: u16,
    pub instructions: *const u8,
}

unsafe extern "C" {
    pub fn syscall(number: c_long, ...) -> c_long;
    pub fn prctl(option: c_int, ...) -> c_int;
    pub fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    pub fn dup2(old: c_int, new: c_int) -> c_int;
    pub fn close(fd: c_int) -> c_int;
    pub fn read(fd: c_int, buffer: *mut c_void, len: usize) -> isize;
    pub fn write(fd: c_int, buffer: *const c_void, len: usize) -> isize;
    pub fn openat(folder: c_int, path: *const c_char, flags: c_int, ...) -> c_int;
    pub fn sendfile(out: c_int, from: c_int, offset: *mut i64, len: usize) -> isize;
    pub fn mmap(place: *mut c_void, len: usize, access: c_int, flags: c_int, fd: c_int, at: i64) -> *mut c_void;
    pub fn munmap(place: *mut c_void, len: usize) -> c_int;
    pub fn madvise(place: *mut c_void, len: usize, advice: c_int) -> c_int;
    pub fn recvmsg(socket: c_int, message: *mut MsgHdr, flags: c_int) -> isize;
    pub fn setrlimit(resource: c_int, limit: *const RLimit) -> c_int;
    pub fn chdir(path: *const c_char) -> c_int;
    pub fn umask(mask: c_uint) -> c_uint;
    pub fn setsid() -> c_int;
    pub fn setresuid(real: c_uint, effective: c_uint, saved: c_uint) -> c_int;
    pub fn setresgid(real: c_uint, effective: c_uint, saved: c_uint) -> c_int;
    pub fn getpid() -> c_int;
    pub fn fork() -> c_int;
    pub fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
    pub fn _exit(code: c_int) -> !;
    #[link_name = "__errno_location"]
    fn errno_location() -> *mut c_int;
}

/// The last error number of this thread.
pub fn errno() -> c_int {
    // SAFETY: takes nothing and only answers a pointer.
    let place = unsafe { errno_location() };
    // SAFETY: it points to this thread's own number, which is always there.
    unsafe { *place }
}

/// Receives one message with `wanted` descriptors, at most four.
///
/// Answers the first byte of the message and the descriptors; `None` at the end of the socket, on an
/// error, or when the number of descriptors is another.
pub fn receive(socket: c_int, wanted: usize) -> Option<(u8, [c_int; 4])> {
    receive_any(socket).and_then(|(byte, fds, count)| (count == wanted).then_some((byte, fds)))
}

/// Receives one message with at most four descriptors: its first byte, the descriptors, and how many they are.
/// `None` at the end of the socket or on an error.
pub fn receive_any(socket: c_int) -> Option<(u8, [c_int; 4], usize)> {
    // Room for one header of 16 bytes and four descriptors, aligned as the kernel wants it.
    let mut control = [0_u64; 4];
    let mut byte = 0_u8;
    let mut part = IoVec { base: (&raw mut byte).cast(), len: 1 };
    let mut message = MsgHdr {
        name: core::ptr::null_mut(),
        name_len: 0,
        iov: &raw mut part,
        iov_len: 1,
        control: control.as_mut_ptr().cast(),
        control_len: size_of_val(&control),
        flags: 0,
    };
    loop {
        // SAFETY: every pointer in `message` is to a live local of the stated size.
        let got = unsafe { recvmsg(socket, &raw mut message, 0) };
        match got {
            1 => break,
            -1 if errno() == EINTR => {}
            _ => return None,
        }
    }
    let mut fds = [-1; 4];
    if message.control_len < 16 {
        return Some((byte, fds, 0));
    }
    // One control header: length (u64), level (u32) and type (u32), then the descriptors.
    let length = usize::try_from(control[0]).unwrap_or(0);
    let count = length.saturating_sub(16) / 4;
    if count > fds.len() || control[1] >> 32 != 1 {
        return None;
    }
    for (index, fd) in fds.iter_mut().enumerate().take(count) {
        let word = control[2 + index / 2];
        let half = if index % 2 == 0 { word & 0xffff_ffff } else { word >> 32 };
        *fd = c_int::try_from(half).unwrap_or(-1);
    }
    Some((byte, fds, count))
}
