//! Draws of volumes, which several kinds of traffic share.

use crate::network::VolumeLaw;
use crate::rng::Stream;
use crate::units::Bytes;

/// How much something carries this time; `None` when it has no end.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
pub(super) fn volume(law: &VolumeLaw, stream: &mut Stream) -> Option<Bytes> {
    let scaled = |mean: Bytes, factor: f64| Bytes((factor * mean.0 as f64).ceil().max(1.0) as u64);
    match law {
        VolumeLaw::Unlimited => None,
        VolumeLaw::Constant(size) => Some(*size),
        VolumeLaw::Exponential(mean) => Some(scaled(*mean, stream.exponential())),
        VolumeLaw::Pareto(mean, shape) => Some(scaled(*mean, stream.pareto(*shape))),
        VolumeLaw::Weighted(sizes) => Some(sizes.at(stream.below(sizes.total()))),
    }
}
