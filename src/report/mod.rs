//! Reports as data, and the writers of every format.
