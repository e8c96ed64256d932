//! What one client says is sent on to the others in its channel, each under its own key.

use crate::{
    client::{Client, Sender},
    server::{BOT, CHANNEL, GUILD, PATIENCE, Server},
    sound::tone,
};
use aes_gcm::aead::{Aead, Payload};
use tokio::time::timeout;

const OTHER: u64 = BOT + 1;

async fn join(server: &Server, user: u64, channel: u64) -> (Client, Sender) {
    let session = format!("session-{user}");
    let token = server.voice.grant(GUILD, channel, user, &session);
    let mut client = Client::connect(server, 8).await;
    client.identify_as(user, &session, &token).await;
    let sender = client.open_media().await;
    (client, sender)
}

/// Sequence, timestamp, SSRC and sound of the next voice packet.
async fn heard(receiver: &Sender) -> (u16, u32, u32, Vec<u8>) {
    let mut packet = [0; 2048];
    let length = timeout(PATIENCE, receiver.udp.recv(&mut packet)).await.unwrap().unwrap();
    let (header, rest) = packet[..length].split_at(12);
    let (body, nonce) = rest.split_last_chunk::<4>().unwrap();
    let mut wide = [0; 12];
    wide[..4].copy_from_slice(nonce);
    let opus = receiver.cipher.decrypt((&wide).into(), Payload { msg: body, aad: header }).unwrap();
    assert_eq!(header[..2], [0x80, 0x78]);
    let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    (u16::from_be_bytes([header[2], header[3]]), word(4), word(8), opus)
}

#[tokio::test]
async fn clients_of_a_channel_hear_one_another_unless_they_are_deaf() {
    let server = Server::start().await;
    let (_one, one) = join(&server, BOT, CHANNEL).await;
    let (_two, two) = join(&server, OTHER, CHANNEL).await;
    let (_elsewhere, elsewhere) = join(&server, OTHER + 1, CHANNEL + 1).await;
    let frames = tone(4);
    one.frame(1, &frames[1]).await;
    assert_eq!(heard(&two).await, (1, 960, one.ssrc, frames[1].clone()));
    two.frame(2, &frames[2]).await;
    assert_eq!(heard(&one).await, (2, 1920, two.ssrc, frames[2].clone()));

    server.voice.deafened(GUILD, OTHER, true);
    one.frame(2, &frames[2]).await;
    server.report_where("the deaf one's channel was heard", |report| report["packets"] == 2).await;
    server.voice.deafened(GUILD, OTHER, false);
    one.frame(3, &frames[3]).await;
    assert_eq!(heard(&two).await.0, 3, "what was said meanwhile was not sent");
    let mut nothing = [0; 64];
    assert!(elsewhere.udp.try_recv(&mut nothing).is_err(), "another channel hears nothing");

    server.voice.revoke(GUILD, OTHER);
    one.frame(4, &frames[0]).await;
    server.report_where("who is left goes on", |report| report["packets"] == 4).await;
    assert!(two.udp.try_recv(&mut nothing).is_err(), "who left hears nothing");
}
