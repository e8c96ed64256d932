const { createReadStream } = require('node:fs');
const { Client, Events, SlashCommandBuilder } = require('discord.js');
const { StreamType, createAudioPlayer, createAudioResource, getVoiceConnection, joinVoiceChannel } = require('@discordjs/voice');

// Where Discord is: the only line that a test needs.
const bot = new Client({ intents: ['Guilds', 'GuildVoiceStates'], rest: { api: `${process.env.BOT_REST}/api` } });

bot.once(Events.ClientReady, () => bot.application.commands.set([
	new SlashCommandBuilder().setName('play').setDescription('Plays the track in your voice channel'),
	new SlashCommandBuilder().setName('stop').setDescription('Stops and leaves'),
]));

bot.on(Events.InteractionCreate, async (interaction) => {
	if (interaction.commandName === 'play') {
		const { channel } = interaction.member.voice;
		const player = createAudioPlayer();
		joinVoiceChannel({
			channelId: channel.id, guildId: channel.guild.id, adapterCreator: channel.guild.voiceAdapterCreator,
		}).subscribe(player);
		player.play(createAudioResource(createReadStream('track.ogg'), { inputType: StreamType.OggOpus }));
		await interaction.reply(`Playing in ${channel.name}.`);
	} else {
		getVoiceConnection(interaction.guildId).destroy();
		await interaction.reply('Good night.');
	}
});

bot.login(process.env.BOT_TOKEN);
