#!/usr/bin/env python3
"""Reduces Discord's OpenAPI description to the paths that the simulator serves and the schemas that these reach.

Usage: reduce.py path/to/openapi.json > discord.json
"""

import json
import sys

# Method and path of every route under /api that Discord describes and the simulator serves.
SERVED = """
/applications/@me get
/applications/{application_id}/commands get put post
/applications/{application_id}/commands/{command_id} get delete patch
/applications/{application_id}/emojis get post
/applications/{application_id}/emojis/{emoji_id} get delete patch
/applications/{application_id}/guilds/{guild_id}/commands get put post
/applications/{application_id}/guilds/{guild_id}/commands/permissions get
/applications/{application_id}/guilds/{guild_id}/commands/{command_id} get delete patch
/applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions get
/channels/{channel_id} get
/channels/{channel_id}/messages get post
/channels/{channel_id}/messages/bulk-delete post
/channels/{channel_id}/messages/pins get
/channels/{channel_id}/messages/pins/{message_id} put delete
/channels/{channel_id}/messages/{message_id} get delete patch
/channels/{channel_id}/messages/{message_id}/crosspost post
/channels/{channel_id}/messages/{message_id}/reactions delete
/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name} get delete
/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me put delete
/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id} delete
/channels/{channel_id}/pins get
/channels/{channel_id}/pins/{message_id} put delete
/channels/{channel_id}/typing post
/channels/{channel_id}/voice-status put
/gateway get
/gateway/bot get
/guilds/{guild_id} get
/guilds/{guild_id}/channels get
/guilds/{guild_id}/members get
/guilds/{guild_id}/members/@me patch
/guilds/{guild_id}/members/{user_id} get
/guilds/{guild_id}/roles get
/guilds/{guild_id}/voice-states/@me get
/guilds/{guild_id}/voice-states/{user_id} get
/interactions/{interaction_id}/{interaction_token}/callback post
/oauth2/applications/@me get
/users/@me get
/users/@me/guilds get
/users/@me/guilds/{guild_id} delete
/users/{user_id} get
/voice/regions get
/webhooks/{webhook_id}/{webhook_token} post
/webhooks/{webhook_id}/{webhook_token}/messages/@original get delete patch
/webhooks/{webhook_id}/{webhook_token}/messages/{message_id} get delete patch
"""

PREFIX = "#/components/"


def bare(node, in_properties=False):
    """The node without prose, which is half of it. A property may be called `description`: those stay."""
    if isinstance(node, list):
        return [bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    prose = () if in_properties else ("description", "title", "x-discord-union", "externalDocs", "examples", "example")
    return {name: bare(value, name == "properties" and not in_properties) for name, value in node.items() if name not in prose}


def refs(node):
    """Every reference in a node."""
    if isinstance(node, list):
        for one in node:
            yield from refs(one)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from refs(value)


def body(content):
    """The JSON schema of a body; forms repeat it with their files."""
    return {"content": {"application/json": content["content"]["application/json"]}} if "application/json" in content.get("content", {}) else {}


def main():
    whole = json.load(open(sys.argv[1], encoding="utf-8"))
    paths = {}
    for line in SERVED.split("\n"):
        if line:
            path, *methods = line.split(" ")
            for method in methods:
                found = whole["paths"][path][method]
                operation = {"responses": {}}
                if "requestBody" in found:
                    operation["requestBody"] = bare(body(found["requestBody"]))
                for status, response in found["responses"].items():
                    while "$ref" in response:
                        kind, name = response["$ref"].removeprefix(PREFIX).split("/")
                        response = whole["components"][kind][name]
                    operation["responses"][status] = bare(body(response))
                paths.setdefault(path, {})[method] = operation
    schemas, wanted = {}, list(refs(paths))
    while wanted:
        kind, name = wanted.pop().removeprefix(PREFIX).split("/")
        assert kind == "schemas", kind
        if name not in schemas:
            schemas[name] = bare(whole["components"][kind][name])
            wanted += refs(schemas[name])
    about = {"title": whole["info"]["title"], "version": whole["info"]["version"], "license": whole["info"]["license"]}
    reduced = {"openapi": whole["openapi"], "info": about, "paths": paths, "components": {"schemas": dict(sorted(schemas.items()))}}
    json.dump(reduced, sys.stdout, indent=None, separators=(",", ":"), sort_keys=False)
    print()


main()
