import os

import discord
import yarl
from discord import app_commands
from discord.oggparse import OggStream

# Where Discord is: the only lines that a test needs.
discord.http.Route.BASE = os.environ["BOT_REST"] + "/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["BOT_GATEWAY"])


class Track(discord.AudioSource):
    """An Ogg Opus file, sent as it is (its first two packets are headers)."""

    def __init__(self, path):
        self.packets = OggStream(open(path, "rb")).iter_packets()
        next(self.packets), next(self.packets)

    def read(self):
        return next(self.packets, b"")

    def is_opus(self):
        return True


bot = discord.Client(intents=discord.Intents(guilds=True, voice_states=True))
tree = app_commands.CommandTree(bot)


@bot.event
async def setup_hook():
    await tree.sync()


@tree.command(description="Plays the track in your voice channel")
async def play(interaction: discord.Interaction):
    await interaction.response.defer()
    voice = await interaction.user.voice.channel.connect()
    voice.play(Track("track.ogg"))
    await interaction.edit_original_response(content=f"Playing in {voice.channel.name}.")


@tree.command(description="Stops and leaves")
async def stop(interaction: discord.Interaction):
    await interaction.response.send_message("Good night.")
    await interaction.guild.voice_client.disconnect()


bot.run(os.environ["BOT_TOKEN"])
