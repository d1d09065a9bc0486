//! Puts a zygote's memory on huge pages, so that a child is made and ended without handling each small page.
//!
//! Forking copies one table entry for each page that the parent has written, and the end of the child takes each
//! back: for a small Python some three thousand, most of which the child never touches. On huge pages it is a
//! handful. Python's objects live in arenas of one mebibyte that lie wherever the kernel puts them; here they get
//! a range of their own that huge pages fit into. The rest is the heap of the C library, which is one piece.

use super::kernel::{MADV_COLLAPSE, MADV_DONTNEED, MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, READ_WRITE, madvise, mmap, munmap};
use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Size of a huge page on x86-64, and on AArch64 with its usual small pages.
const HUGE: usize = 2 << 20;
/// Size of Python's arenas since 3.10; see `ARENA_BITS` in CPython's Objects/obmalloc.c.
const ARENA: usize = 1 << 20;
/// Arenas in the range; more come from wherever the kernel puts them.
const ARENAS: usize = 1024;

/// `PyObjectArenaAllocator`.
#[repr(C)]
struct ArenaAllocator {
    context: *mut c_void,
    allocate: extern "C" fn(*mut c_void, usize) -> *mut c_void,
    free: extern "C" fn(*mut c_void, *mut c_void, usize),
}

unsafe extern "C" {
    // See Python's C API, "Customize pymalloc Arena Allocator".
    fn PyObject_SetArenaAllocator(allocator: *const ArenaAllocator);
}

/// Start of the range; 0 while there is none.
static START: AtomicUsize = AtomicUsize::new(0);
/// How many arenas of it were ever given.
static GIVEN: AtomicUsize = AtomicUsize::new(0);
/// Arenas that came back, one bit each. Python asks with its lock held, so nobody else changes them meanwhile.
static FREE: [AtomicUsize; ARENAS / 64] = [const { AtomicUsize::new(0) }; ARENAS / 64];

/// Gives Python's arenas their range, from the next one on. Answers 0, or -1 when there is no such range: then
/// everything stays as it was.
#[unsafe(no_mangle)]
pub extern "C" fn darkroom_arenas() -> c_int {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    let length = ARENAS * ARENA + HUGE;
    // SAFETY: a fresh mapping at an address of the kernel's choice; nothing is there.
    let base = unsafe { mmap(null_mut(), length, READ_WRITE, flags, -1, 0) };
    if base.addr() == usize::MAX {
        return -1;
    }
    START.store(base.expose_provenance().next_multiple_of(HUGE), Relaxed);
    let allocator = ArenaAllocator { context: null_mut(), allocate, free };
    // SAFETY: the pointer is to a live structure of the documented shape, which Python copies.
    unsafe { PyObject_SetArenaAllocator(&raw const allocator) };
    0
}

extern "C" fn allocate(_context: *mut c_void, size: usize) -> *mut c_void {
    let start = START.load(Relaxed);
    if size == ARENA {
        for (index, word) in FREE.iter().enumerate() {
            let bits = word.load(Relaxed);
            if bits != 0 {
                word.store(bits & (bits - 1), Relaxed);
                let arena = index * 64 + bits.trailing_zeros() as usize;
                return core::ptr::with_exposed_provenance_mut(start + arena * ARENA);
            }
        }
        let given = GIVEN.load(Relaxed);
        if given < ARENAS {
            GIVEN.store(given + 1, Relaxed);
            return core::ptr::with_exposed_provenance_mut(start + given * ARENA);
        }
    }
    // SAFETY: a fresh mapping at an address of the kernel's choice.
    let place = unsafe { mmap(null_mut(), size, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) };
    if place.addr() == usize::MAX { null_mut() } else { place }
}

extern "C" fn free(_context: *mut c_void, place: *mut c_void, size: usize) {
    let start = START.load(Relaxed);
    let arena = place.addr().wrapping_sub(start) / ARENA;
    if place.addr() < start || arena >= ARENAS {
        // SAFETY: Python gives back what `allocate`, or the usual allocator before it, mapped with that size.
        unsafe { munmap(place, size) };
        return;
    }
    // SAFETY: Python does not use the arena any more; its pages go back to the kernel and come anew as zeros.
    unsafe { madvise(place, size, MADV_DONTNEED) };
    let word = &FREE[arena / 64];
    word.store(word.load(Relaxed) | 1 << (arena % 64), Relaxed);
}

/// Puts the arenas given so far, and the range from `heap` to `heap_end`, on huge pages. Answers on how many.
/// Kernels before 6.1 cannot do it at once, and where memory is in pieces it fails: then small pages stay.
#[unsafe(no_mangle)]
pub extern "C" fn darkroom_collapse(heap: usize, heap_end: usize) -> c_int {
    let start = START.load(Relaxed);
    let arenas_end = if start == 0 { 0 } else { start + (GIVEN.load(Relaxed) * ARENA).next_multiple_of(HUGE) };
    let mut collapsed = 0;
    for (from, to) in [(start, arenas_end), (heap.next_multiple_of(HUGE), heap_end / HUGE * HUGE)] {
        let mut at = from;
        while at < to {
            // SAFETY: the contents stay as they are, whatever it answers.
            let answer = unsafe { madvise(core::ptr::with_exposed_provenance_mut(at), HUGE, MADV_COLLAPSE) };
            collapsed += c_int::from(answer == 0);
            at += HUGE;
        }
    }
    collapsed
}
