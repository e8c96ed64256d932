//! A Discord that runs on this machine: REST, gateway, voice, faults, a listener.
