//! Moves frames to Discord: the driver trait and the songbird driver.
