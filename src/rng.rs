//! The only place that makes random generators.
//!
//! A stream is keyed by (run seed, component name, purpose), never by creation order: adding a router moves
//! no other component's draws. Samplers use the pinned `libm`, so a seed gives the same bytes on every machine.

use std::convert::Infallible;

use rand::{Rng, RngExt, SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;

use crate::units::Span;

/// The seed of one run: everything random in it follows from this number and the components' names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunSeed(pub u64);

impl RunSeed {
    /// The seed of replication `index` of a set of runs that begins with `self`; index 0 is `self`.
    #[must_use]
    pub fn replication(self, index: u64) -> Self {
        if index == 0 { self } else { Self(named_hash(&["replication", &self.0.to_string(), &index.to_string()])) }
    }

    /// The stream of one component for one purpose.
    #[must_use]
    pub fn stream(self, component: &str, purpose: &str) -> Stream {
        self.streams().stream(StreamName::new(component, purpose))
    }

    /// All streams of this run, for those who need many of them often.
    #[must_use]
    pub fn streams(self) -> Streams {
        Streams { seed: self }
    }

    /// Streams for the `index`-th of very many small things, such as months of a study: each begins at once, and gives a
    /// number in a nanosecond or two.
    #[must_use]
    pub const fn brief_streams(self, index: u64) -> BriefStreams {
        BriefStreams { key: mix(mix(self.0 ^ GOLDEN).wrapping_add(index.wrapping_mul(GOLDEN))) }
    }
}

/// What one stream is called: a component and a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamName(u64);

impl StreamName {
    /// The name of a component's stream for one purpose.
    #[must_use]
    pub fn new(component: &str, purpose: &str) -> Self {
        Self(named_hash(&[component, purpose]))
    }
}

/// The streams of one run.
#[derive(Debug, Clone, Copy)]
pub struct Streams {
    seed: RunSeed,
}

impl Streams {
    /// The stream of this name.
    #[must_use]
    pub fn stream(&self, name: StreamName) -> Stream {
        Stream(Generator::new(self.seed, name.0))
    }
}

/// The brief streams of one of very many small things.
#[derive(Debug, Clone, Copy)]
pub struct BriefStreams {
    key: u64,
}

impl BriefStreams {
    /// The stream of this name.
    #[must_use]
    #[inline]
    pub const fn stream(&self, name: StreamName) -> BriefStream {
        Stream(SplitMix(mix(self.key ^ name.0)))
    }

    /// One of `count` things, as two numbers that name the occasion decide; 0 of none.
    #[must_use]
    pub fn pick(self, occasion: u64, of: u64, count: u64) -> u64 {
        let drawn = mix(mix(self.key ^ mix(occasion)) ^ of);
        // The high half of the product is uniform to within count / 2^64.
        u64::try_from((u128::from(drawn) * u128::from(count)) >> 64).expect("below a 64-bit number")
    }
}

/// One component's random numbers for one purpose.
#[derive(Debug, Clone)]
pub struct Stream<G = Generator>(G);

/// A stream of which only few numbers are drawn.
pub type BriefStream = Stream<SplitMix>;

impl Stream {
    /// Where the next draws are kept, for those who fetch them in time.
    #[inline(always)]
    pub(crate) const fn drawn_ahead(&self) -> &[u64; 8] {
        &self.0.values
    }
}

impl<G: TryRng<Error = Infallible>> Stream<G> {
    /// 64 trials at once, one a bit, each of which succeeds with `odds` of 2^64. Bit by bit all 64 fractions are compared
    /// with the odds, until every one is decided: some eight draws. Trials that succeed do so at greater odds, too.
    #[must_use]
    pub fn trials(&mut self, odds: u64) -> u64 {
        let (mut undecided, mut succeeded, mut left) = (u64::MAX, 0, odds);
        while undecided != 0 && left != 0 {
            let drawn = self.0.next_u64();
            if left >> 63 == 1 {
                succeeded |= undecided & !drawn;
                undecided &= drawn;
            } else {
                undecided &= !drawn;
            }
            left <<= 1;
        }
        succeeded
    }

    /// Uniform in `[0, 1)`, in steps of 2^-53.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform in `[0, bound)`; zero when the bound is.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.0.random_range(0..bound) }
    }

    /// Uniform in `[low, high]`.
    pub fn span_between(&mut self, low: Span, high: Span) -> Span {
        low + Span::from_ps(self.below(high.as_ps().saturating_sub(low.as_ps()).saturating_add(1)))
    }

    /// Exponential with mean 1.
    #[inline(always)]
    pub fn exponential(&mut self) -> f64 {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        -libm::log(1.0 - self.uniform())
    }

    /// Exponential with the given mean, rounded to the nearest picosecond.
    #[inline]
    pub fn exponential_span(&mut self, mean: Span) -> Span {
        Span::from_ps(nearest(self.exponential() * mean.as_ps() as f64))
    }

    /// Pareto with mean 1 and this shape in thousandths, above 1000: `P(x > t) = (m / t)^a` from `m = (a - 1) / a` on.
    pub fn pareto(&mut self, shape: u32) -> f64 {
        let shape = f64::from(shape) / 1_000.0;
        // 1 - u lies in (0, 1], so the power is finite.
        (shape - 1.0) / shape * libm::pow(1.0 - self.uniform(), -1.0 / shape)
    }

    /// Normal with mean 0 and variance 1, by Marsaglia's polar method (SIAM Review 6, 1964); the second value of a pair
    /// is not used.
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }

    /// Gamma of this shape and scale 1, by Marsaglia and Tsang (ACM TOMS 26, 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // Their section 6: a shape below 1 from the one above.
            let power = libm::pow(1.0 - self.uniform(), 1.0 / shape);
            return self.gamma(shape + 1.0) * power;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let t = 1.0 + c * x;
            let v = t * t * t;
            if v > 0.0 && libm::log(1.0 - self.uniform()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// True with probability `parts_per_billion / 1e9`.
    pub fn chance(&mut self, parts_per_billion: u64) -> bool {
        self.below(1_000_000_000) < parts_per_billion
    }
}

/// The nearest whole number, halves upwards.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
fn nearest(value: f64) -> u64 {
    if value < (1u64 << 51) as f64 {
        // Both differences are exact.
        let whole = value as i64;
        (whole + i64::from(value - whole as f64 >= 0.5)) as u64
    } else {
        libm::round(value) as u64
    }
}

/// ChaCha8 as `rand_chacha` has it, number by number, but one block of it at a time: a million flows have a stream
/// each, and what is drawn ahead must fit the caches.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Generator {
    /// How many values of the present block are drawn.
    drawn: u32,
    values: [u64; 8],
    /// The key follows from it at every block: it is too long to be kept a million times.
    seed: RunSeed,
    stream: u64,
    /// Number of the next block.
    next: u64,
}

impl Generator {
    const fn new(seed: RunSeed, stream: u64) -> Self {
        Self { drawn: 8, values: [0; 8], seed, stream, next: 0 }
    }

    /// The key that `rand_chacha` makes of the run's seed.
    #[inline]
    fn key(&self) -> [u32; 8] {
        let key = ChaCha8Rng::seed_from_u64(self.seed.0).get_seed();
        std::array::from_fn(|index| u32::from_le_bytes(std::array::from_fn(|byte| key[4 * index + byte])))
    }

    #[inline]
    fn draw(&mut self) -> u64 {
        if self.drawn == 8 {
            self.refill();
        }
        let value = self.values[self.drawn as usize];
        self.drawn += 1;
        value
    }

    /// The ChaCha block function (Bernstein 2008) of eight rounds, on rows of four words.
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "halves of 64 bits")]
    fn refill(&mut self) {
        let [k0, k1, k2, k3, k4, k5, k6, k7] = self.key();
        let halves = |value: u64| [value as u32, (value >> 32) as u32];
        let ([n0, n1], [s0, s1]) = (halves(self.next), halves(self.stream));
        let begin = [
            [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574],
            [k0, k1, k2, k3],
            [k4, k5, k6, k7],
            [n0, n1, s0, s1],
        ];
        let mut rows = begin;
        for _ in 0..4 {
            quarter_rounds(&mut rows);
            (1..4).for_each(|row| rows[row].rotate_left(row));
            quarter_rounds(&mut rows);
            (1..4).for_each(|row| rows[row].rotate_right(row));
        }
        let word = |index: usize| u64::from(rows[index / 4][index % 4].wrapping_add(begin[index / 4][index % 4]));
        self.values = std::array::from_fn(|index| word(2 * index) | (word(2 * index + 1) << 32));
        self.drawn = 0;
        self.next += 1;
    }
}

/// Four quarter rounds at once, one per column.
#[inline]
fn quarter_rounds(rows: &mut [[u32; 4]; 4]) {
    let [a, b, c, d] = rows;
    for (bits_of_d, bits_of_b) in [(16, 12), (8, 7)] {
        add_into(a, b, d, bits_of_d);
        add_into(c, d, b, bits_of_b);
    }
}

#[inline]
fn add_into(sums: &mut [u32; 4], added: &[u32; 4], mixed: &mut [u32; 4], bits: u32) {
    for ((sum, added), mixed) in sums.iter_mut().zip(added).zip(mixed) {
        *sum = sum.wrapping_add(*added);
        *mixed = (*mixed ^ *sum).rotate_left(bits);
    }
}

/// Whole values only: 32 bits are half of one.
impl TryRng for Generator {
    type Error = Infallible;

    #[expect(clippy::cast_possible_truncation, reason = "half of a value")]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.draw() as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.draw())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.draw().to_le_bytes()[..chunk.len()]));
        Ok(())
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): one addition and one [`mix`] a number.
#[derive(Debug, Clone)]
pub struct SplitMix(u64);

/// The odd number nearest to 2^64 over the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl TryRng for SplitMix {
    type Error = Infallible;

    #[expect(clippy::cast_possible_truncation, reason = "half of a value")]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|value| value as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(GOLDEN);
        Ok(mix(self.0))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A fixed 64-bit hash of length-prefixed strings (FNV-1a with a final avalanche). Never changes between versions.
#[must_use]
pub fn named_hash(parts: &[&str]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = OFFSET;
    let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
    for part in parts {
        (part.len() as u64).to_le_bytes().into_iter().for_each(&mut eat);
        part.bytes().for_each(&mut eat);
    }
    mix(hash)
}

/// A bijective 64-bit avalanche (the finalizer of splitmix64).
#[must_use]
#[inline]
pub const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_name_and_purpose_only() {
        let draw = |component, purpose| RunSeed(7).stream(component, purpose).uniform().to_bits();
        assert_eq!(draw("r1", "jitter"), draw("r1", "jitter"));
        assert_ne!(draw("r1", "jitter"), draw("r1", "phase"));
        assert_ne!(draw("r1", "jitter"), draw("r2", "jitter"));
        // Length prefixes keep ("ab", "c") and ("a", "bc") apart.
        assert_ne!(named_hash(&["ab", "c"]), named_hash(&["a", "bc"]));
    }

    /// Number by number over several of the four blocks that `rand_chacha` makes at once.
    #[test]
    fn a_stream_is_that_of_the_published_generator() {
        for (seed, component) in [(7, "r1"), (u64::MAX, "flow#0001")] {
            let mut published = ChaCha8Rng::seed_from_u64(seed);
            published.set_stream(named_hash(&[component, "source"]));
            let mut stream = RunSeed(seed).stream(component, "source");
            for bound in 1..=200u64 {
                assert_eq!(stream.0.next_u64(), published.next_u64());
                assert_eq!(stream.below(bound * bound), published.random_range(0..bound * bound));
            }
        }
    }

    #[test]
    fn the_nearest_whole_number_is_that_of_the_library() {
        let mut stream = RunSeed(2).stream("x", "test");
        let drawn = (0..100_000).map(|step| stream.uniform() * (1u64 << (step % 62)) as f64);
        let halves = [0.0, 0.5, 0.499_999_999_999_999_94, 1.5, 2.5, 2_251_799_813_685_247.5, 4.5e15, 1e30];
        for value in halves.into_iter().chain(drawn) {
            assert!((nearest(value) as f64 - libm::round(value).min(u64::MAX as f64)).abs() < 1e-9, "{value}");
        }
    }

    /// The first numbers of the published generator from state 0 (Vigna, splitmix64.c).
    #[test]
    fn brief_streams_are_the_published_generator() {
        let mut stream = Stream(SplitMix(0));
        let drawn = [0; 3].map(|_| stream.0.next_u64());
        assert_eq!(drawn, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    #[test]
    fn trials_succeed_as_often_as_their_odds_say_and_again_at_greater_odds() {
        // Odds in 256ths.
        let of = |index: u64, odds: u64| {
            RunSeed(3).brief_streams(index).stream(StreamName::new("x", "t")).trials(odds << 56)
        };
        for odds in [1, 64, 180] {
            let share = odds as f64 / 256.0;
            let count: u32 = (0..4_000).map(|index| of(index, odds).count_ones()).sum();
            let (trials, count) = (256_000.0, f64::from(count));
            // 4 standard deviations of the binomial law.
            assert!((count - trials * share).abs() < 4.0 * (trials * share * (1.0 - share)).sqrt(), "{odds}: {count}");
            assert!((0..400).all(|index| of(index, odds) & !of(index, odds + 20) == 0));
        }
        assert_eq!(of(0, 0), 0);
    }

    #[test]
    fn exponential_has_its_mean() {
        let mut stream = RunSeed(1).stream("x", "test");
        let mean = (0..200_000).map(|_| stream.exponential()).sum::<f64>() / 200_000.0;
        // Standard error 1/sqrt(n) = 0.0022; 4.5 of them.
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn pareto_has_its_mean_and_its_tail() {
        let mut stream = RunSeed(1).stream("x", "test");
        let draws: Vec<f64> = (0..200_000).map(|_| stream.pareto(3_000)).collect();
        let mean = draws.iter().sum::<f64>() / 200_000.0;
        // Shape 3: least 2/3, variance m^2 a / ((a-1)^2 (a-2)) = 1/3; standard error 0.0013.
        assert!((mean - 1.0).abs() < 0.006, "{mean}");
        let beyond = draws.iter().filter(|draw| **draw > 4.0 / 3.0).count();
        // (m / t)^a = 1/8; standard error 148.
        assert!(beyond.abs_diff(25_000) < 600, "{beyond}");
    }

    #[test]
    fn replications_differ_and_the_first_is_the_seed() {
        assert_eq!(RunSeed(5).replication(0), RunSeed(5));
        assert_ne!(RunSeed(5).replication(1), RunSeed(5).replication(2));
    }
}
