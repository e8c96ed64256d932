"""A site and a search engine that exist on this machine only, for the real yt-dlp.

The harness copies this folder and writes the media server's address, one line of host:port, into `media-address` beside
this file, so that the search knows where its finds are. A page is http://HOST:PORT/watch/NAME; what it says is asked of the
media server, at http://HOST:PORT/site/NAME, so that a site that breaks breaks as a web server does.
"""

import pathlib

from yt_dlp.extractor.common import InfoExtractor, SearchInfoExtractor
from yt_dlp.utils import ExtractorError

_ADDRESS_FILE = pathlib.Path(__file__).with_name('media-address')

_TITLES = {
    'tune': 'First Light',
    'other': 'Second Wind',
}


def _title(name):
    return _TITLES.get(name, name)


class RefrainStageIE(InfoExtractor):
    IE_NAME = 'refrain:stage'
    _VALID_URL = r'(?P<site>https?://127\.0\.0\.1:\d+)/watch/(?P<id>[a-z0-9-]+)$'

    def _real_extract(self, url):
        site, name = self._match_valid_url(url).group('site', 'id')
        page = self._download_json(f'{site}/site/{name}', name)
        if page.get('unavailable'):
            raise ExtractorError(page['unavailable'], expected=True)
        host = f'http://{page["host"]}' if page.get('host') else site
        sound = page['sound']
        is_playlist = sound.endswith('.m3u8')
        return {
            'id': name,
            'title': page['title'],
            'uploader': 'The Stage',
            'duration': page.get('duration'),
            'is_live': page['live'] or None,
            'url': f'{host}/{sound}',
            'ext': 'mp4' if is_playlist else sound.rpartition('.')[2],
            'protocol': 'm3u8_native' if is_playlist else 'http',
            'vcodec': 'none',
            'acodec': page['codec'],
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
