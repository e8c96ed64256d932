//! The names of what the lives are to reach.

use refrain_guild::{
    AnnouncementKind, AnnouncementStep, Answer, Command, CommandError, Delay, Doing, GuildInput, GuildOutput,
    GuildTimer, LeaveReason, NotHeard, Observation, PanelFace, PanelFailure, PanelNews, PanelWaits, SilenceReason,
    SourceEvent, StaysAway,
};

macro_rules! names {
    ($name:ident, $all:ident, $of:ident: $($variant:ident),+ $(,)?) => {
        pub(super) const $all: &[&str] = &[$(stringify!($variant)),+];
        pub(super) const fn $name(value: &$of) -> &'static str {
            match value { $($of::$variant { .. } => stringify!($variant)),+ }
        }
    };
}

names!(output, OUTPUTS, GuildOutput: Load, Save, SavePlayhead, WatchPlayhead, ForgetPlayhead, Answer, LookUp,
    CancelLookUp, OpenSource, CloseSource, Rewind, Attach, SetFlowing, SendVoiceState, RequestToSpeak, Connect, Resume,
    TearDown, Probe, AskTurn, WithdrawTurn, HoldAllTurns, Announce, SettleLeftover, ShowPanel, Observe, Finished);
names!(input, INPUTS, GuildInput: Loaded, Command, LookedUp, Source, Gateway, Driver, Turn, ChannelChanged, PanelIs,
    PanelFailed, IncidentMessageIs);
names!(command, COMMANDS, Command: Play, PlayAll, Skip, SkipTo, Previous, Replay, Seek, Pause, Resume, Stop, Clear,
    Remove, Move, Shuffle, Loop, Undo, Volume, Disconnect, Queue, History, NowPlaying, VoiceStatus, Recover, Settings,
    Configure, ShutDown);
names!(source, SOURCES, SourceEvent: Opened, OpenFailed, Starved, Flowing, Rewound, NotKept, Ended, Broke);
names!(answer, ANSWERS, Answer: Played, PlayedAll, Skipped, NowPlaying, Stopped, Cleared, Removed, Moved, Shuffled,
    Looping, Undone, Volume, Disconnected, Queue, History, VoiceStatus, Recovering, Settings, ShutDown);
names!(error, ERRORS, CommandError: Source, LookUpTimedOut, TooManyLookUps, Stopped, AskerLeft, NoAccess, QueueFull,
    Queue, NoSuchFavorite, TooManyFavorites, Store, NothingPlaying, CannotSeek, BeyondTheEnd, AlreadyPaused, NotPaused,
    NotConnected, NothingToRecover, Restarting, Removed, JoinFailed, Unavailable);
names!(announcement, ANNOUNCEMENTS, AnnouncementKind: Interrupted, Back, Ended, Left, SourceTrouble, SourceBack,
    TracksFailed, Halted, StartedOver, NotHeard, HeardAgain);
names!(step, STEPS, AnnouncementStep: Say, Settle, Remove);
names!(observation, OBSERVATIONS, Observation: Voice, Driver, Incident, LoadFailed, ComingBack, StayingAway,
    BackAfterRestart, Leaving, SourceRetry, SourceBack, SourceStalled, SourceEndedEarly, OutageBegan, OutageOver,
    TrackFailed, TrackDeferred, Halted, LookUpFailed, NotHeard);
names!(timer, TIMERS, GuildTimer: Recovery, LoadAgain, Restore, LookUpDeadline, LookUpOrder, AnswerDeadline, OpenDeadline,
    SourceBackoff, VolumeRetry, StallCheck, SourceRefill, SourceGrace, IdleLeave, AloneLeave, IncidentMessage, SourceMessage);
names!(silence, SILENCES, SilenceReason: Paused, Loading, Voice, OutOfVoice, Opening, SourceBackoff, Starved, Halted,
    NotHeard);
names!(doing, DOINGS, Doing: NotWanted, Kicked, StaysOut, Unanswered, Gone, Fatal, Leaving, Joining, Resuming, Weighing,
    BackingOff, CoolingDown, AwaitingTurn, AwaitingServer, AwaitingGuild, AwaitingPermission, Connected);
names!(waits, WAITS, PanelWaits: Source, NotHeard, Halted, OutOfVoice);
names!(news, NEWS, PanelNews: Resumed, Waits, Stopped, StaysAway);
names!(stays_away, STAYS_AWAY, StaysAway: AsSet, NobodyListens, NoWayIn);
names!(leaving, LEAVING, LeaveReason: Idle, Alone);
names!(not_heard, NOT_HEARD, NotHeard: Muted, Suppressed);
names!(panel_failure, PANEL_FAILURES, PanelFailure: AnswerLost, ChannelGone, Forbidden);
names!(face, FACES, PanelFace: Track, Over);
names!(delay, DELAYS, Delay: Source, Slow);
