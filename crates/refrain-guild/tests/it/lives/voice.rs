//! The voice connection: nobody is followed who has told the bot to go.

use crate::world::World;
use refrain_guild::{Answer, Command, GuildOutput, Observation, VoiceSummary};

#[derive(Debug, Default)]
pub(crate) struct Voice {
    /// The last word was to be nowhere.
    left: bool,
}

impl Voice {
    pub(super) fn member_wants(&mut self, command: &Command) {
        let asks = matches!(
            command,
            Command::Play(_) | Command::PlayAll { .. } | Command::Resume { .. } | Command::Recover { .. }
        );
        if asks {
            self.left = false;
        }
    }

    pub(super) fn said(&mut self, output: &GuildOutput, music_is_asked_for: bool) {
        let leaves = matches!(
            output,
            GuildOutput::Answer { answer: Ok(Answer::Disconnected(_) | Answer::ShutDown), .. }
                | GuildOutput::Observe(Observation::Leaving { .. } | Observation::StayingAway { .. })
        );
        if leaves {
            self.left = !music_is_asked_for;
        }
        if let GuildOutput::SendVoiceState { channel: Some(channel) } = output {
            assert!(!self.left, "op 4 for {channel} although the bot was told to leave");
        }
    }

    pub(super) fn process_ends(&mut self) {
        self.left = false;
    }

    pub(super) fn check_quiet(&self, world: &World) {
        let guild = world.guild();
        match guild.voice_summary() {
            VoiceSummary::Idle => assert_eq!(world.discord.channel, None, "idle, and in a channel"),
            VoiceSummary::Stable { channel } => assert_eq!(world.discord.channel, Some(channel)),
            VoiceSummary::Retrying { channel } => panic!("all is quiet, and it is retrying: {channel:?}"),
        }
    }
}
