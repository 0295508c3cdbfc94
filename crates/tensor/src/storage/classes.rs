//! The sizes of blocks: a dropped one is handed out again for any size of its class.

/// Four classes to each doubling, from 64 bytes to the whole address space.
pub(crate) const CLASSES: usize = 4 * 64;

/// The class of the smallest buffers that hold `bytes`.
#[inline]
pub(crate) fn class_of(bytes: usize) -> usize {
    // In units of 64 bytes, less one: 0 for the smallest class.
    let units = bytes.saturating_sub(1) >> 6;
    if units < 4 {
        return units;
    }
    let log = units.ilog2() as usize;
    4 * (log - 1) + ((units >> (log - 2)) & 3)
}

/// The bytes of a buffer of `class`.
#[inline]
pub(crate) fn bytes_of(class: usize) -> usize {
    if class < 4 {
        return 64 * (class + 1);
    }
    let (log, step) = (class / 4 + 1, class % 4);
    64 * ((5 + step) << (log - 2))
}
