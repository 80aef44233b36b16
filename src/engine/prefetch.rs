//! What will be needed soon is fetched while something else is done.
//!
//! A fabric of a thousand routers does not fit the processor's caches, and which part of it the next event touches is
//! known before: it stands near the top of a heap. Fetching changes no value, so no result.

/// Asks the memory for the cache line on which `value` begins, and does not wait for it.
#[inline(always)]
pub fn prefetch<T>(value: &T) {
    prefetch_index::prefetch_index(std::slice::from_ref(value), 0);
}
