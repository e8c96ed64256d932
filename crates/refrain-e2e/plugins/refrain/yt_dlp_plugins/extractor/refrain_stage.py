"""A site and a search engine that exist on this machine only, for the real yt-dlp.

The harness copies this folder and writes the media server's address, one line of host:port, into `media-address` beside
this file, so that the search knows where its finds are. Pages are http://HOST:PORT/watch/NAME; the sound of NAME is at
http://HOST:PORT/NAME.wav. A page song-NUMBER-SECONDS is a song of that length, at http://HOST:PORT/NAME.ogg.
"""

import pathlib
import re

from yt_dlp.extractor.common import InfoExtractor, SearchInfoExtractor

_ADDRESS_FILE = pathlib.Path(__file__).with_name('media-address')

_TITLES = {
    'tune': 'First Light',
    'other': 'Second Wind',
}


_SONG = re.compile(r'song-(?P<number>\d+)-(?P<seconds>\d+)$')


def _title(name):
    return _TITLES.get(name, name)


class RefrainStageIE(InfoExtractor):
    IE_NAME = 'refrain:stage'
    _VALID_URL = r'(?P<site>https?://127\.0\.0\.1:\d+)/watch/(?P<id>[a-z0-9-]+)$'

    def _real_extract(self, url):
        site, name = self._match_valid_url(url).group('site', 'id')
        song = _SONG.match(name)
        if song:
            return {
                'id': name,
                'title': f'Song {song["number"]}',
                'uploader': 'The Stage',
                'duration': int(song['seconds']),
                'url': f'{site}/{name}.ogg',
                'ext': 'ogg',
                'vcodec': 'none',
                'acodec': 'opus',
                'audio_channels': 2,
            }
        return {
            'id': name,
            'title': _title(name),
            'uploader': 'The Stage',
            'duration': 60,
            'url': f'{site}/{name}.wav',
            'ext': 'wav',
            'vcodec': 'none',
            'acodec': 'pcm_s16le',
            'audio_channels': 2,
        }


class YoutubeSearchIE(SearchInfoExtractor):
    """Takes the place of the built-in of the same name: ytsearch then finds what is on the stage."""

    IE_NAME = 'youtube:search'
    _SEARCH_KEY = 'ytsearch'
    _MAX_RESULTS = 50

    def _search_results(self, query):
        address = _ADDRESS_FILE.read_text().strip()
        wanted = query.lower()
        names = sorted(_TITLES, key=lambda name: _title(name).lower() not in wanted)
        if 'nothing at all' in wanted:
            return
        for name in names:
            yield self.url_result(
                f'http://{address}/watch/{name}', ie=RefrainStageIE.ie_key(), video_id=name, video_title=_title(name),
                duration=60, uploader='The Stage')
