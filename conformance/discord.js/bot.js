'use strict';
// A small music bot with discord.js and @discordjs/voice: /play brings it into the person's voice channel and plays a
// prepared Ogg Opus file, /stop sends it away. It reconnects as the voice guide says.
//
// The environment says everything: BOT_TOKEN, BOT_REST (scheme, host and port), BOT_TRACK (the file), NODE_EXTRA_CA_CERTS
// (the CA to trust). The gateway's address comes from REST, as on Discord.

const { createReadStream } = require('node:fs');
const { Client, Events, GatewayIntentBits, SlashCommandBuilder } = require('discord.js');
const {
	StreamType,
	VoiceConnectionStatus,
	createAudioPlayer,
	createAudioResource,
	entersState,
	getVoiceConnection,
	joinVoiceChannel,
} = require('@discordjs/voice');

const { BOT_LOG, BOT_REST, BOT_TOKEN, BOT_TRACK } = process.env;

const client = new Client({
	intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates],
	rest: { api: `${BOT_REST}/api` },
});

const commands = [
	new SlashCommandBuilder().setName('play').setDescription('Plays the track in your voice channel'),
	new SlashCommandBuilder().setName('stop').setDescription('Stops and leaves'),
];

client.once(Events.ClientReady, async (ready) => {
	console.log(`logged in as ${ready.user.tag}`);
	await ready.application.commands.set(commands);
	console.log('registered the commands');
});

/** Joins, with the recovery of the guide: a disconnect that is no move is the end of the connection. */
function join(channel) {
	const connection = joinVoiceChannel({
		channelId: channel.id,
		guildId: channel.guild.id,
		adapterCreator: channel.guild.voiceAdapterCreator,
		debug: BOT_LOG === 'DEBUG',
	});
	connection.on('error', (error) => console.error('the voice connection:', error));
	connection.on('debug', (message) => console.log('voice:', message));
	connection.on('stateChange', (before, after) => console.log(`voice: ${before.status} -> ${after.status}`));
	connection.on(VoiceConnectionStatus.Disconnected, async () => {
		try {
			await Promise.race([
				entersState(connection, VoiceConnectionStatus.Signalling, 5_000),
				entersState(connection, VoiceConnectionStatus.Connecting, 5_000),
			]);
			// It seems to be reconnecting to a new channel.
		} catch {
			// It seems to be a real disconnect.
			if (connection.state.status !== VoiceConnectionStatus.Destroyed) connection.destroy();
		}
	});
	return connection;
}

async function play(interaction) {
	const channel = interaction.member.voice.channel;
	if (!channel) {
		await interaction.editReply('Join a voice channel first.');
		return;
	}
	const connection = getVoiceConnection(channel.guild.id) ?? join(channel);
	try {
		await entersState(connection, VoiceConnectionStatus.Ready, 30_000);
	} catch (error) {
		connection.destroy();
		throw error;
	}
	const player = createAudioPlayer();
	player.on('error', (error) => console.error('the player:', error));
	connection.subscribe(player);
	player.play(createAudioResource(createReadStream(BOT_TRACK), { inputType: StreamType.OggOpus }));
	await interaction.editReply(`Playing in ${channel}.`);
}

async function stop(interaction) {
	const connection = getVoiceConnection(interaction.guildId);
	connection?.destroy();
	await interaction.editReply(connection ? 'Stopped.' : 'Nothing is playing.');
}

client.on(Events.InteractionCreate, async (interaction) => {
	if (!interaction.isChatInputCommand()) return;
	try {
		await interaction.deferReply();
		await (interaction.commandName === 'play' ? play(interaction) : stop(interaction));
	} catch (error) {
		console.error(`/${interaction.commandName} failed:`, error);
		await interaction.editReply('That did not work.').catch((again) => console.error('saying so failed:', again));
	}
});

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.on(signal, async () => {
		await client.destroy();
		process.exit(0);
	});
}

client.login(BOT_TOKEN);
