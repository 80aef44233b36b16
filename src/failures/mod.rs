//! Failure kinds as lists of effects.
