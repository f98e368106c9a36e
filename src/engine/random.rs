//! Chance: one stream of random numbers for each named entity and purpose.

use super::ziggurat::{EXPONENTIAL_TAIL, LAYERS, NORMAL_TAIL, Table, ZIGGURATS, Ziggurats};
use rand_chacha::ChaCha8Core;
use rand_core::SeedableRng;
use rand_core::block::Generator;
use sha2::{Digest, Sha256};
use std::fmt;

/// Changes with the way keys or draws are made, so that streams of different schemes never agree
/// in part.
const DOMAIN: &[u8] = b"queuelab random stream 1";
/// Words of 64 bits the generator makes at a time (four `ChaCha` blocks).
const WORDS: usize = 32;

/// A reproducible sequence of random draws, the same on every machine.
///
/// A stream is named by the run's seed, the replication, an entity and a purpose ("service time").
/// Streams of different names are independent, so adding an entity or a purpose to a model changes
/// no other entity's draws. The generator is `ChaCha8` under a key hashed from the name.
#[derive(Clone)]
pub struct Stream {
    words: [u64; WORDS],
    next: usize,
    generator: ChaCha8Core,
    // Looked up once here rather than at each draw.
    ziggurats: &'static Ziggurats,
}

impl Stream {
    /// The stream of `purpose` at `entity`, at its beginning.
    pub fn new(seed: u64, replication: u32, entity: &str, purpose: &str) -> Self {
        let mut hash = Sha256::new();
        // Every part is of fixed length or preceded by its length: no two names share an encoding.
        hash.update(DOMAIN);
        hash.update(seed.to_le_bytes());
        hash.update(replication.to_le_bytes());
        for part in [entity, purpose] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self {
            words: [0; WORDS],
            next: WORDS,
            generator: ChaCha8Core::from_seed(hash.finalize().into()),
            ziggurats: &ZIGGURATS,
        }
    }

    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        if self.next >= WORDS {
            self.refill();
        }
        let word = self.words[self.next % WORDS];
        self.next += 1;
        word
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self) {
        let mut halves = [0_u32; 2 * WORDS];
        self.generator.generate(&mut halves);
        for (word, pair) in self.words.iter_mut().zip(halves.as_chunks::<2>().0) {
            *word = u64::from(pair[0]) | u64::from(pair[1]) << 32;
        }
        self.next = 0;
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        unit(self.next_u64())
    }

    /// Uniform in (0, 1], a multiple of 2^-53: safe under a logarithm.
    #[inline]
    pub fn open_unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) + 1) as f64 * ULP
    }

    /// Uniform among 0, 1, … `n` - 1, each exactly as likely as any other.
    ///
    /// Panics when `n` is zero. Draws one word, very rarely more.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below zero to draw");
        // Lemire (ACM TOMACS 29/1, 2019): the high half of word × n, refused where the low half
        // falls into the part of the 2^64 words that n does not divide evenly.
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            let low = product as u64;
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }

    /// True with probability `p`.
    ///
    /// A probability of 0 (or less, or NaN) and of 1 (or more) is certain and **draws nothing**:
    /// switching an optional fault on or off leaves the other draws of a stream as they were.
    #[inline]
    pub fn chance(&mut self, p: f64) -> bool {
        if p >= 1.0 {
            return true;
        }
        p > 0.0 && self.unit() < p
    }

    /// Exponential with mean 1: finite, at least 0.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        let table = &self.ziggurats.exponential;
        let word = self.next_u64();
        let layer = word as usize % LAYERS;
        let x = unit(word) * table.edge[layer];
        if x < table.edge[layer + 1] {
            return x;
        }
        self.exponential_edge(layer, x)
    }

    /// Standard normal: mean 0, standard deviation 1; finite.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let table = &self.ziggurats.normal;
        let word = self.next_u64();
        let layer = word as usize % LAYERS;
        let x = unit(word) * table.edge[layer];
        let size = if x < table.edge[layer + 1] { x } else { self.normal_edge(layer, x) };
        // Bits 0 to 7 chose the layer, 11 to 63 the point; bit 8 is free to choose the side.
        f64::from_bits(size.to_bits() | (word & 1 << 8) << 55)
    }

    #[cold]
    #[inline(never)]
    fn exponential_edge(&mut self, mut layer: usize, mut x: f64) -> f64 {
        let mut offset = 0.0;
        let table = &self.ziggurats.exponential;
        loop {
            if x < table.edge[layer + 1] {
                return offset + x;
            }
            if layer == 0 {
                // What remains beyond the tail's beginning is again exponential.
                offset += EXPONENTIAL_TAIL;
            } else if self.under(table, layer, libm::exp(-x)) {
                return offset + x;
            }
            let word = self.next_u64();
            layer = word as usize % LAYERS;
            x = unit(word) * table.edge[layer];
        }
    }

    /// The absolute value of a normal draw whose first point fell outside the safe part.
    #[cold]
    #[inline(never)]
    fn normal_edge(&mut self, mut layer: usize, mut x: f64) -> f64 {
        let table = &self.ziggurats.normal;
        loop {
            if x < table.edge[layer + 1] {
                return x;
            }
            if layer == 0 {
                return self.normal_tail();
            }
            if self.under(table, layer, libm::exp(-0.5 * x * x)) {
                return x;
            }
            let word = self.next_u64();
            layer = word as usize % LAYERS;
            x = unit(word) * table.edge[layer];
        }
    }

    /// Marsaglia's exact method for a normal beyond `NORMAL_TAIL`.
    fn normal_tail(&mut self) -> f64 {
        loop {
            let beyond = self.exponential() / NORMAL_TAIL;
            if 2.0 * self.exponential() > beyond * beyond {
                return NORMAL_TAIL + beyond;
            }
        }
    }

    /// Whether a random height within `layer` lies under the `density` at the point drawn.
    fn under(&mut self, table: &Table, layer: usize, density: f64) -> bool {
        let (low, high) = (table.density[layer], table.density[layer + 1]);
        low + (high - low) * self.unit() < density
    }
}

/// 2^-53.
const ULP: f64 = f64::EPSILON / 2.0;

#[inline]
fn unit(word: u64) -> f64 {
    (word >> 11) as f64 * ULP
}

impl fmt::Debug for Stream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Stream").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "random_tests.rs"]
mod tests;
