"""A small music bot with discord.py: /play brings it into the person's voice channel and plays a prepared Ogg Opus file,
/stop sends it away. It reconnects as discord.py does by itself (`connect(reconnect=True)`, the default).

The environment says everything: BOT_TOKEN, BOT_REST (scheme, host and port), BOT_GATEWAY, BOT_TRACK (the file),
SSL_CERT_FILE (the CA to trust).
"""

import logging
import os
import signal

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.oggparse import OggStream

TRACK = os.environ["BOT_TRACK"]

# The library knows no setting for another Discord: these two are where it keeps the addresses.
Route.BASE = os.environ["BOT_REST"] + "/api/v10"
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["BOT_GATEWAY"])


class OggOpus(discord.AudioSource):
    """A file whose Opus packets are sent as they are."""

    def __init__(self, path: str) -> None:
        self.file = open(path, "rb")
        self.packets = OggStream(self.file).iter_packets()
        # OpusHead and OpusTags are no sound.
        next(self.packets, None)
        next(self.packets, None)

    def is_opus(self) -> bool:
        return True

    def read(self) -> bytes:
        return next(self.packets, b"")

    def cleanup(self) -> None:
        self.file.close()


class Bot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True, voice_states=True))
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        await self.tree.sync()


bot = Bot()


@bot.tree.command()
@app_commands.guild_only()
async def play(interaction: discord.Interaction) -> None:
    """Plays the track in your voice channel"""
    await interaction.response.defer()
    if interaction.user.voice is None:
        await interaction.edit_original_response(content="Join a voice channel first.")
        return
    channel = interaction.user.voice.channel
    voice = interaction.guild.voice_client or await channel.connect()
    if voice.channel != channel:
        await voice.move_to(channel)
    voice.stop()
    voice.play(OggOpus(TRACK))
    await interaction.edit_original_response(content=f"Playing in {channel.mention}.")


@bot.tree.command()
@app_commands.guild_only()
async def stop(interaction: discord.Interaction) -> None:
    """Stops and leaves"""
    await interaction.response.defer()
    voice = interaction.guild.voice_client
    if voice is None:
        await interaction.edit_original_response(content="Nothing is playing.")
        return
    await voice.disconnect(force=False)
    await interaction.edit_original_response(content="Stopped.")


# Ends in good order when the system asks for it, as with Ctrl-C.
signal.signal(signal.SIGTERM, signal.default_int_handler)
bot.run(os.environ["BOT_TOKEN"], log_level=getattr(logging, os.environ.get("BOT_LOG", "INFO")))
