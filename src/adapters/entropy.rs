//! The operating system's random source as the [`Entropy`] port; the only place that may call it.

use crate::ports::Entropy;

/// Random bytes of the operating system.
#[derive(Clone, Copy, Default, Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the implementation of the Entropy port")]
    fn fill(&self, out: &mut [u8]) {
        if let Err(error) = getrandom::fill(out) {
            // States, nonces and tokens made of weak bytes would be guessable for as long as they live; a stopped process
            // is noticed at once and restarted.
            tracing::error!(%error, "the operating system gives no random bytes; stopping");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn fills_all_bytes_and_never_repeats() {
        let source: &dyn Entropy = &OsEntropy;
        let tokens: HashSet<String> = (0..1000).map(|_| source.token()).collect();
        assert_eq!(tokens.len(), 1000);
        let long = source.bytes::<4096>();
        assert!(long.chunks(16).all(|c| c.iter().any(|b| *b != 0)));
    }
}
