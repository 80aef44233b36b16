//! What the user wrote, and its way to a checked network.
