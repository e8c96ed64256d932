//! The queue, pure: the one source of truth about what plays next.
