//! What a member may do in a channel, computed as Discord documents it.

use super::{Channel, Guild, OverwriteKind};
use crate::id::{Id, Permissions};

impl Guild {
    /// A member's rights in the guild as a whole; none for somebody who is no member.
    #[must_use]
    pub fn base_permissions(&self, user: Id) -> Permissions {
        if user == self.owner {
            return Permissions::all();
        }
        let Some(member) = self.member(user) else { return Permissions::default() };
        let held = self.roles.iter().filter(|role| role.id == self.id || member.roles.contains(&role.id));
        let bits = held.fold(Permissions::default(), |bits, role| bits | role.permissions);
        if bits.contains(Permissions::ADMINISTRATOR) { Permissions::all() } else { bits }
    }

    /// A member's rights in a channel: the guild's, then the overwrites of `@everyone`, of the roles together, and of
    /// the member.
    #[must_use]
    pub fn permissions_in(&self, channel: &Channel, user: Id) -> Permissions {
        let base = self.base_permissions(user);
        let Some(member) = self.member(user).filter(|_| base != Permissions::all()) else { return base };
        let of = |kind, id| channel.overwrites.iter().filter(move |one| one.kind == kind && one.id == id);
        let mut bits = base;
        for everyone in of(OverwriteKind::Role, self.id) {
            bits = bits.overwritten(everyone.deny, everyone.allow);
        }
        let (mut deny, mut allow) = (Permissions::default(), Permissions::default());
        for role in member.roles.iter().flat_map(|role| of(OverwriteKind::Role, *role)) {
            deny = deny | role.deny;
            allow = allow | role.allow;
        }
        bits = bits.overwritten(deny, allow);
        for own in of(OverwriteKind::Member, user) {
            bits = bits.overwritten(own.deny, own.allow);
        }
        bits
    }

    /// Whether a member may see a channel and do all of `needed` in it.
    #[must_use]
    pub fn may(&self, channel: &Channel, user: Id, needed: Permissions) -> bool {
        self.permissions_in(channel, user).contains(needed | Permissions::VIEW_CHANNEL)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ChannelKind, Member, Overwrite, Role};
    use super::*;

    const EVERYONE: Id = Id(10);
    const DJ: Id = Id(11);
    const MUTED: Id = Id(12);
    const USER: Id = Id(20);
    const OWNER: Id = Id(21);
    const SPEAK: Permissions = Permissions::SPEAK;
    const CONNECT: Permissions = Permissions::CONNECT;
    const NONE: Permissions = Permissions(0);

    fn guild(everyone: Permissions, dj: Permissions) -> Guild {
        let role = |id, permissions| Role { id, name: String::new(), permissions };
        Guild {
            id: EVERYONE,
            name: String::new(),
            owner: OWNER,
            roles: vec![role(EVERYONE, everyone), role(DJ, dj), role(MUTED, NONE)],
            channels: vec![],
            members: vec![
                Member { user: USER, roles: vec![DJ, MUTED], nick: None, mute: false, deaf: false },
                Member { user: OWNER, roles: vec![], nick: None, mute: false, deaf: false },
            ],
        }
    }

    fn channel(overwrites: &[(OverwriteKind, Id, Permissions, Permissions)]) -> Channel {
        let overwrite = |&(kind, id, allow, deny): &(OverwriteKind, Id, Permissions, Permissions)| Overwrite {
            id,
            kind,
            allow,
            deny,
        };
        Channel {
            id: Id(30),
            name: String::new(),
            kind: ChannelKind::Voice,
            user_limit: 0,
            rtc_region: None,
            overwrites: overwrites.iter().map(overwrite).collect(),
        }
    }

    #[test]
    fn permissions_follow_the_documented_order() {
        use OverwriteKind::{Member, Role};
        let table: [(&str, Permissions, Permissions, &[_], Permissions); 9] = [
            ("roles add up", CONNECT, SPEAK, &[], CONNECT | SPEAK),
            ("everyone is denied", CONNECT, NONE, &[(Role, EVERYONE, NONE, CONNECT)], NONE),
            (
                "a role allows again",
                CONNECT,
                NONE,
                &[(Role, EVERYONE, NONE, CONNECT), (Role, DJ, CONNECT, NONE)],
                CONNECT,
            ),
            ("allow beats deny among roles", NONE, NONE, &[(Role, DJ, SPEAK, NONE), (Role, MUTED, NONE, SPEAK)], SPEAK),
            (
                "the member has the last word",
                SPEAK,
                NONE,
                &[(Role, DJ, SPEAK, NONE), (Member, USER, NONE, SPEAK)],
                NONE,
            ),
            (
                "order in the file is nothing",
                NONE,
                NONE,
                &[(Member, USER, SPEAK, NONE), (Role, MUTED, NONE, SPEAK)],
                SPEAK,
            ),
            ("another's overwrite is nothing", SPEAK, NONE, &[(Member, OWNER, NONE, SPEAK)], SPEAK),
            ("an id of the other kind is nothing", SPEAK, NONE, &[(Member, DJ, NONE, SPEAK)], SPEAK),
            (
                "administrators pass",
                NONE,
                Permissions::ADMINISTRATOR,
                &[(Member, USER, NONE, SPEAK)],
                Permissions::all(),
            ),
        ];
        for (case, everyone, dj, overwrites, expected) in table {
            let (guild, channel) = (guild(everyone, dj), channel(overwrites));
            assert_eq!(guild.permissions_in(&channel, USER), expected, "{case}");
            assert_eq!(guild.permissions_in(&channel, OWNER), Permissions::all(), "{case}: the owner");
            assert_eq!(guild.permissions_in(&channel, Id(99)), NONE, "{case}: a stranger");
        }
    }

    #[test]
    fn nobody_may_do_anything_in_a_channel_they_cannot_see() {
        let guild = guild(CONNECT, NONE);
        assert!(!guild.may(&channel(&[]), USER, CONNECT));
        let seen = channel(&[(OverwriteKind::Member, USER, Permissions::VIEW_CHANNEL, NONE)]);
        assert!(guild.may(&seen, USER, CONNECT));
    }
}
