"""A whole site for tests, and YouTube replaced by a stand-in, so that the real yt-dlp runs offline.

Where the media lies is read from `site.json` beside the folder `any`: {"base": "http://127.0.0.1:8080"}. A test copies
this plugin directory, writes that file and hands the copy to yt-dlp.
"""

import json
import pathlib
import subprocess
import time

from yt_dlp.extractor.common import InfoExtractor, SearchInfoExtractor
from yt_dlp.utils import ExtractorError, UserNotLive

PLUGIN_ROOT = pathlib.Path(__file__).resolve().parents[3]

# Eleven characters, as YouTube has them.
VIDEOS = {
    'refrain0001': {'title': 'First Light', 'duration': 60, 'uploader': 'The Demo Band'},
    'refrain0002': {'title': 'First Light (live)', 'duration': 75, 'uploader': 'The Demo Band'},
    'refrain0003': {'title': 'Second\u202e Light\x07', 'duration': 61.5, 'uploader': 'Somebody Else'},
}

# What yt-dlp itself or its extractors say, by the class that Refrain gives it.
FAILURES = {
    'bot-check': 'Sign in to confirm you\u2019re not a bot. Use --cookies-from-browser or --cookies for the authentication.',
    'age': 'Sign in to confirm your age. This video may be inappropriate for some users. Use --cookies for the authentication.',
    'private': 'Private video. Sign in if you\'ve been granted access to this video. Use --cookies for the authentication.',
    'members': 'Join this channel to get access to members-only content like this video, and other exclusive perks.',
    'region': 'The uploader has not made this video available in your country',
    'gone': 'Video unavailable. This video has been removed by the uploader',
    'upcoming': 'Premieres in 3 hours',
    'rate': 'The current session has been rate-limited by YouTube for up to an hour',
    'odd': 'The wheel came off',
}


def base():
    return json.loads((PLUGIN_ROOT / 'site.json').read_text())['base']


def media(ie, video_id, details):
    return {
        'id': video_id,
        'thumbnail': f'{base()}/cover.png',
        'formats': [{
            'format_id': 'wav',
            'url': f'{base()}/tune.wav?expire=4102444800&sig=secret',
            'ext': 'wav',
            'acodec': 'pcm_s16le',
            'vcodec': 'none',
            'abr': 1536,
            'http_headers': {'X-Refrain-Site': 'yes'},
        }],
        **details,
    }


class YoutubeIE(InfoExtractor):
    _VALID_URL = r'https?://(?:(?:www|m|music)\.)?youtube\.com/watch\?(?:.*&)?v=(?P<id>[0-9A-Za-z_-]{11})|https?://youtu\.be/(?P<yid>[0-9A-Za-z_-]{11})'

    def _real_extract(self, url):
        match = self._match_valid_url(url)
        video_id = match.group('id') or match.group('yid')
        if video_id not in VIDEOS:
            raise ExtractorError('Video unavailable', expected=True)
        return media(self, video_id, VIDEOS[video_id])


class YoutubeSearchIE(SearchInfoExtractor):
    _SEARCH_KEY = 'ytsearch'

    def _search_results(self, query):
        if 'nothing' in query:
            return
        for video_id, details in VIDEOS.items():
            yield self.url_result(
                f'https://www.youtube.com/watch?v={video_id}', YoutubeIE, video_id, **{'view_count': 1, **details})


class RefrainSiteIE(InfoExtractor):
    """https://site.refrain.example/KIND"""
    _VALID_URL = r'https?://site\.refrain\.example/(?P<id>[a-z-]+)(?:/(?P<rest>[^?#]*))?'

    def _real_extract(self, url):
        kind, rest = self._match_valid_url(url).group('id', 'rest')
        if kind == 'tune':
            return media(self, kind, {'title': 'A tune', 'duration': 60})
        if kind == 'live':
            return media(self, kind, {'title': 'Radio', 'is_live': True})
        if kind == 'cookies':
            self._set_cookie('127.0.0.1', 'session', 'for the media host')
            self._set_cookie('elsewhere.example', 'other', 'for another host')
            return media(self, kind, {'title': 'Behind a cookie', 'duration': 60})
        if kind == 'sleep':
            # The grandchild stands for the programs that yt-dlp starts: it must not outlive its parent.
            grandchild = subprocess.Popen(['sleep', '600'])
            (PLUGIN_ROOT / 'grandchild.pid.new').write_text(str(grandchild.pid))
            (PLUGIN_ROOT / 'grandchild.pid.new').rename(PLUGIN_ROOT / 'grandchild.pid')
            time.sleep(600)
        if kind == 'flood':
            return media(self, kind, {'title': 'Much', 'duration': 60, 'description': 'x' * 12_000_000})
        if kind == 'album':
            return self.playlist_result(
                [self.url_result(f'https://site.refrain.example/{entry}') for entry in ('tune', 'sleep')], kind, 'Album')
        if kind == 'private-media':
            return {'id': kind, 'title': 'Inside', 'url': 'http://169.254.169.254/latest/meta-data', 'ext': 'mp3'}
        if kind == 'fetch':
            return {'id': kind, 'title': self._download_webpage(f'https://{rest}', kind), 'url': base()}
        if kind == 'login':
            self.raise_login_required()
        if kind == 'geo':
            self.raise_geo_restricted()
        if kind == 'drm':
            self.report_drm(kind)
        if kind == 'no-formats':
            self.raise_no_formats('No video formats found!', expected=True)
        if kind == 'offline':
            raise UserNotLive
        if kind == 'crash':
            return {}['missing']
        raise ExtractorError(FAILURES[kind], expected=True)
