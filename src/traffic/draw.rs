//! Draws by the laws that several kinds of traffic share.

use crate::network::{SpanLaw, VolumeLaw};
use crate::rng::Stream;
use crate::units::{Bytes, Span};

/// How long something lasts this time.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float to int saturates")]
pub(super) fn span(law: SpanLaw, stream: &mut Stream) -> Span {
    match law {
        SpanLaw::Constant(span) => span,
        SpanLaw::Exponential(mean) => stream.exponential_span(mean),
        SpanLaw::Pareto(mean, shape) => Span::from_ps(libm::round(stream.pareto(shape) * mean.as_ps() as f64) as u64),
    }
}

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
