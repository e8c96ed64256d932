//! The reference: where the bot should be, from what people and Discord said alone. It knows nothing of stages, timers or
//! generations; every change of mind must have a cause that it can see.

use crate::world::Event;
use refrain_model::ChannelId;
use refrain_recovery::{AutoRejoin, CloseCode, DriverEvent, GatewayEvent, Input, Intent, Notice, Settings, Timer};

/// What is wanted.
#[derive(Debug, Default)]
pub(super) struct Reference {
    /// Where the bot is meant to be.
    pub(super) wanted: Option<ChannelId>,
    /// Where an override asks it back to.
    recall: Option<ChannelId>,
    auto_rejoin: AutoRejoin,
    /// People were told of an interruption that is not over.
    told: bool,
}

impl Reference {
    /// Something happened: people's last word counts.
    pub(super) fn hears(&mut self, event: &Event) {
        match event {
            Event::Input(Input::Intent(Intent::Join { channel } | Intent::Return { channel })) => {
                (self.wanted, self.recall) = (Some(*channel), None);
            }
            Event::Input(Input::Intent(Intent::Leave)) => (self.wanted, self.recall) = (None, None),
            Event::Input(Input::Intent(Intent::Override)) => {
                if let Some(channel) = self.recall.take() {
                    self.wanted = Some(channel);
                }
            }
            Event::Input(Input::Gateway(GatewayEvent::GuildDeleted)) => self.recall = None,
            Event::Input(Input::Gateway(GatewayEvent::ChannelDeleted { channel })) => {
                self.recall = self.recall.filter(|c| c != channel);
            }
            Event::Input(Input::Settings(Settings { auto_rejoin })) => self.auto_rejoin = *auto_rejoin,
            Event::Input(
                Input::Gateway(_)
                | Input::Driver { .. }
                | Input::Heard { .. }
                | Input::TrackStarted { .. }
                | Input::Turn
                | Input::Flowing(_)
                | Input::Access { .. },
            )
            | Event::Timer(_)
            | Event::Nothing => {}
        }
    }

    /// The machine tells people something because of `event`: it must be a reason.
    pub(super) fn told(&mut self, notice: Notice, event: &Event, intent_now: Option<ChannelId>) {
        let wanted = self.wanted;
        assert!(wanted.is_some(), "nobody wants it anywhere: {notice:?} after {event:?}");
        match notice {
            Notice::Interrupted { .. } | Notice::CoolingDown { .. } | Notice::AwaitingAccess { .. } => self.told = true,
            Notice::Recovered { .. } => {
                assert!(self.told, "only what people were told of is told to be over");
                self.told = false;
            }
            Notice::Kicked => {
                assert!(says_absent(event), "{event:?}");
                assert_ne!(self.auto_rejoin, AutoRejoin::AlsoAfterKick);
                self.out(true);
            }
            Notice::StayedOut => {
                assert_eq!(self.auto_rejoin, AutoRejoin::Off);
                self.out(true);
            }
            Notice::ChannelGone => {
                assert!(says_gone(event, wanted), "{event:?}");
                self.out(false);
            }
            Notice::JoinUnanswered => {
                assert!(matches!(event, Event::Timer(Timer::Join)), "{event:?}");
                assert_ne!(intent_now, wanted, "what did not answer is not wanted any more");
                self.out(false);
                // Back to where it was before, where there was such a place.
                self.wanted = intent_now;
            }
            Notice::Fatal { code } => {
                assert!(says_code(event, code) && code.is_some_and(may_be_fatal), "{code:?} after {event:?}");
                self.out(true);
            }
            Notice::Moved { to } => {
                assert!(says_elsewhere(event, to), "{to} after {event:?}");
                self.wanted = Some(to);
            }
        }
    }

    fn out(&mut self, recall: bool) {
        let wanted = self.wanted.take();
        self.recall = if recall { wanted } else { None };
        self.told = false;
    }
}

pub(super) fn says_absent(event: &Event) -> bool {
    let Event::Input(Input::Gateway(event)) = event else { return false };
    matches!(event, GatewayEvent::VoiceState { channel: None, .. } | GatewayEvent::ShardResumed)
}

fn says_gone(event: &Event, wanted: Option<ChannelId>) -> bool {
    let Event::Input(Input::Gateway(event)) = event else { return false };
    if let GatewayEvent::ChannelDeleted { channel } = event {
        return Some(*channel) == wanted;
    }
    *event == GatewayEvent::GuildDeleted
}

fn says_elsewhere(event: &Event, to: ChannelId) -> bool {
    match event {
        Event::Input(Input::Gateway(
            GatewayEvent::VoiceState { channel, .. } | GatewayEvent::GuildAvailable { channel },
        )) => *channel == Some(to),
        // A check finds what was shown before.
        Event::Timer(timer) => *timer == Timer::Health,
        Event::Input(_) | Event::Nothing => false,
    }
}

fn says_code(event: &Event, code: Option<CloseCode>) -> bool {
    let Event::Input(Input::Driver { event, .. }) = event else { return false };
    if let DriverEvent::Failed { kind } = event {
        return kind.code() == code;
    }
    matches!(event, DriverEvent::Closed { code: said, .. } if *said == code)
}

/// The codes after which the documentation of the project allows to give up.
fn may_be_fatal(code: CloseCode) -> bool {
    [4001, 4002, 4004, 4005, 4012, 4016, 4017, 4020, 4021].contains(&code.0)
}
