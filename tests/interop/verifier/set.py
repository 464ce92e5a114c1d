"""Checks a Security Event Token (RFC 8417) by the rules of SSF 1.0 and CAEP 1.0 with `PyJWT`.

Usage: python set.py <key set URL> <audience> <file with a SET>
"""

import json
import sys
import urllib.parse

import jwt

CREDENTIAL_CHANGE = "https://schemas.openid.net/secevent/caep/event-type/credential-change"


def demand(condition, message: str) -> None:
    if not condition:
        raise ValueError(message)


def check(key_set_url: str, audience: str, file: str) -> dict:
    address = urllib.parse.urlsplit(key_set_url)
    issuer = f"{address.scheme}://{address.netloc}"
    with open(file, encoding="utf-8") as given:
        token = given.read().strip()
    demand(jwt.get_unverified_header(token).get("typ") == "secevent+jwt", "typ is not secevent+jwt")
    key = jwt.PyJWKClient(key_set_url).get_signing_key_from_jwt(token)
    required = ["iss", "aud", "iat", "jti", "sub_id", "events"]
    claims = jwt.decode(token, key, algorithms=["ES256"], issuer=issuer, audience=audience, options={"require": required})
    demand("sub" not in claims and "exp" not in claims, "SSF 1.0 forbids sub and exp")
    demand(claims["sub_id"]["format"] == "jwt_id" and claims["sub_id"]["iss"] == issuer, "sub_id is not a jwt_id of the issuer")
    demand(list(claims["events"]) == [CREDENTIAL_CHANGE], "the one event is not credential-change")
    event = claims["events"][CREDENTIAL_CHANGE]
    demand(event["credential_type"] == "verifiable-credential", "credential_type")
    demand(event["change_type"] in ("create", "revoke", "update", "delete"), "change_type")
    demand(event["initiating_entity"] in ("admin", "user", "policy", "system"), "initiating_entity")
    demand(isinstance(event["event_timestamp"], int), "event_timestamp is seconds")
    demand(event["reason"] is None or {"ru", "en"} <= set(event["reason_admin"]), "reason_admin is a language map")
    return {"ok": True, "change_type": event["change_type"], "jti": claims["jti"]}


def main() -> int:
    if len(sys.argv) != 4:
        print("usage: python set.py <key set URL> <audience> <file with a SET>", file=sys.stderr)
        return 2
    try:
        print(json.dumps(check(*sys.argv[1:])))
        return 0
    except Exception as error:  # whatever the library raises, the token was not accepted
        print(json.dumps({"ok": False, "error": f"{type(error).__name__}: {error}"}))
        return 1


if __name__ == "__main__":
    sys.exit(main())
