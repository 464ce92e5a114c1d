"""A platform that confirms communities with gosbadge: start, come back, check, hear of changes.

    pip install authlib flask pyjwt[crypto] requests standardwebhooks
    GOSBADGE=https://badge.example.ru CLIENT_ID=… CLIENT_SECRET=… WEBHOOK_SECRET=whsec_… SELF=https://platform.example.ru flask --app integration run
"""

import base64
import json
import os
import secrets
import time
import zlib
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import requests
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, abort, redirect, request, session
from standardwebhooks import Webhook, WebhookVerificationError

GOSBADGE, SELF, PLATFORM = os.environ["GOSBADGE"], os.environ["SELF"], os.environ["CLIENT_ID"]
server = requests.get(f"{GOSBADGE}/.well-known/oauth-authorization-server", timeout=10).json()
keys = jwt.PyJWKClient(f"{GOSBADGE}/.well-known/jwks.json", lifespan=300, timeout=10)
webhook = Webhook(os.environ["WEBHOOK_SECRET"])
app = Flask(__name__)
app.secret_key = os.environ.get("SESSION_KEY") or secrets.token_bytes(32)

# What we know: the newest event of each badge; its community and attestation while it is in force. A real platform keeps these in its
# database. By badge and not by community: where another body takes a page over, the old badge ends and a new one begins, in any order.
versions, badges = {}, {}


def oauth():
    return OAuth2Session(
        PLATFORM,
        os.environ["CLIENT_SECRET"],
        redirect_uri=f"{SELF}/callback",
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_basic",
    )


# 1. Our administrator presses «Подтвердить через Госуслуги». We push the request, then send the browser after it.
@app.post("/communities/<number>/confirm")
def confirm(number):
    community = {"id": number, "uri": f"https://vk.com/club{number}", "name": "Детский сад № 12 «Ромашка»"}
    verifier = secrets.token_urlsafe(48)
    details = [{"type": "official_community", "actions": ["issue"], "community": community}]
    client = oauth()
    url, state = client.create_authorization_url(
        server["authorization_endpoint"], code_verifier=verifier, authorization_details=json.dumps(details, ensure_ascii=False)
    )
    pushed = requests.post(
        server["pushed_authorization_request_endpoint"],
        data=dict(parse_qsl(urlsplit(url).query)),
        auth=(PLATFORM, os.environ["CLIENT_SECRET"]),
        timeout=10,
    )
    pushed.raise_for_status()
    # The browser that comes back must be the one that began: this is what makes a forwarded link harmless.
    session["started"] = {"state": state, "verifier": verifier, "community": number}
    query = urlencode({"client_id": PLATFORM, "request_uri": pushed.json()["request_uri"]})
    return redirect(f"{server['authorization_endpoint']}?{query}", 303)


# 2. The person comes back. Only now, when we redeem the code, is the badge issued.
@app.get("/callback")
def callback():
    started = session.pop("started", {})
    if not started or request.args.get("state") != started["state"] or request.args.get("iss") != server["issuer"]:
        abort(400, "this sign-in was not begun here")
    if "error" in request.args:
        return f"Не подтверждено: {request.args.get('gosbadge_code', request.args['error'])}", 403
    answer = oauth().fetch_token(server["token_endpoint"], code=request.args["code"], code_verifier=started["verifier"])
    granted = answer["authorization_details"][0]
    if granted["status"] == "active":
        badges[granted["badge"]] = started["community"], granted["attestation"]
    return redirect(f"/communities/{started['community']}", 303)


# 3. Show the badge only while its attestation verifies for this very community. No call to gosbadge but for keys and status list.
@app.get("/communities/<number>")
def community(number):
    why = "no attestation"
    for token in reversed([token for community, token in badges.values() if community == number]):  # newest first
        try:
            claims = check(token, number)
            return {"official": True, "organisation": claims["organization_name"], "page": claims["ref"]}
        except Exception as wrong:  # whatever is wrong: no badge
            why = f"{type(wrong).__name__}: {wrong}"
    return {"official": False, "why": why}


def must(holds, otherwise):  # not `assert`, which `python -O` leaves out
    if not holds:
        raise ValueError(otherwise)


def check(token, number):
    claims = signed(token, "trust-mark+jwt", "badge")
    must(claims["trust_mark_type"] == f"{server['issuer']}/tm/official-community/v1", "another kind of trust mark")
    must((claims["community"]["platform"], claims["community"]["id"]) == (PLATFORM, number), "another community")
    place = claims["status"]["status_list"]
    must(place["uri"].startswith(f"{server['issuer']}/status/"), "a foreign status list")
    bits = status_list(place["uri"])
    value = bits[place["idx"] // 4] >> place["idx"] % 4 * 2 & 3
    must(value == 0, {1: "revoked", 2: "suspended"}.get(value, "unknown status"))
    return claims


def signed(token, typ, purpose):
    key = keys.get_signing_key_from_jwt(token)
    # A key serves one purpose: the busy key of the status lists must not vouch for badges.
    must(jwt.get_unverified_header(token)["typ"] == typ and key._jwk_data["purpose"] == purpose, "made for something else")
    return jwt.decode(token, key, ["ES256"], issuer=server["issuer"], options={"require": ["exp", "iat"]})


lists = {}


def status_list(uri):
    bits, until = lists.get(uri, (b"", 0))
    if time.time() >= until:
        claims = signed(requests.get(uri, timeout=10).text, "statuslist+jwt", "status")
        must(claims["sub"] == uri and claims["status_list"]["bits"] == 2, "another status list")
        packed = claims["status_list"]["lst"]
        bits = zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        lists[uri] = bits, time.time() + claims["ttl"]
    return bits


# 4. gosbadge tells us what happens: answer 2xx once it is kept. The same event may come twice; an older one never undoes a newer one.
@app.post("/events")
def events():
    try:
        event = webhook.verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError:
        abort(401)
    if event["type"] == "stream.verification":
        return {"state": event["data"]["state"]}
    data = event["data"]
    if data["version"] > versions.get(data["badge"], 0):
        versions[data["badge"]] = data["version"]
        if data["status"] != "active":
            badges.pop(data["badge"], ())
        elif "attestation" in data:
            badges[data["badge"]] = data["community"]["id"], data["attestation"]
        lists.clear()
    return "", 204
