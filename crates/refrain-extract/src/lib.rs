//! yt-dlp as supervised children behind an egress guard: search, resolve, typed errors.
