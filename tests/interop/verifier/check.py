"""Checks an attestation in Python, with PyJWT: what a platform that uses no Rust may copy.

Usage: python check.py <folder of tests/vectors>    runs all vectors and the random places, and says how many agreed

`check` is the whole check. It fails closed: it returns the claims, or raises. Whatever it raises, the badge must not be shown.
"""

import base64
import hashlib
import json
import pathlib
import re
import sys
import zlib

import jwt


class Refused(Exception):
    pass


def demand(holds, why):
    if not holds:
        raise Refused(why)


def check(token, community, issuer, jwks, fetch, now):
    """The claims of an attestation that is in force for `community`. `fetch` gets the text at an address, or raises."""
    keys = key_set(jwks)
    mark = open_jws(token, "trust-mark+jwt", "badge", keys, 16 * 1024)
    demand(mark["iss"] == issuer, "another issuer")
    demand(mark["trust_mark_type"] == f"{issuer}/tm/official-community/v1", "another kind of trust mark")
    demand(re.fullmatch(f"{re.escape(issuer)}/c/[0-7][0-9A-HJKMNP-TV-Z]{{25}}", mark["sub"]), "sub")
    shown = mark["community"]
    demand(re.fullmatch("[1-9][0-9]{0,19}", shown["id"]), "community.id")
    demand(mark["sub_id"]["format"] == "aliases", "sub_id.format")
    names = {(name["format"], name["sub" if name["format"] == "iss_sub" else "uri"]) for name in mark["sub_id"]["identifiers"]}
    demand(names == {("iss_sub", shown["id"]), ("uri", shown["uri"])}, "sub_id is not the community")
    entity = mark["legal_entity"]
    demand(entity["legal_person_id"] == "NTRRU-" + entity["identifier"]["ogrn"], "legal_person_id")
    demand("assurance" in mark, "assurance")
    if community is not None:
        demand((shown["platform"], shown["id"]) == (community["platform"], community["id"]), "another community")
    in_time(mark, now)
    demand(mark["exp"] - mark["iat"] <= 90 * 86400 + 3600, "too long a life")

    place = mark["status"]["status_list"]
    # Only the issuer's own addresses are asked: an attestation must not make us fetch what it likes.
    demand(re.fullmatch(f"{re.escape(issuer)}/status/[0-9]{{1,19}}", place["uri"]), "status_list.uri")
    claims = open_jws(fetch(place["uri"]), "statuslist+jwt", "status", keys, 512 * 1024)
    demand(claims["sub"] == place["uri"] and claims.get("iss", issuer) == issuer, "another status list")
    in_time(claims, now)
    demand(whole(claims.get("ttl", 60)) > 0, "ttl")
    demand(status(claims["status_list"], place["idx"]) == 0, "revoked, suspended, or nobody can tell")
    return mark


def open_jws(token, typ, purpose, keys, most):
    """The claims of a token that the issuer signed with a key for this purpose. No key ever comes out of a token."""
    demand(len(token) <= most, "too large")
    header, payload, _signature = (base64url(part) for part in token.split("."))
    header = strict_json(header)
    demand(header == {"typ": typ, "alg": "ES256", "kid": header["kid"]}, "header")
    jwt.PyJWS().decode(token, keys[purpose, header["kid"]], algorithms=["ES256"])
    return strict_json(payload)


def key_set(text):
    """Keys by purpose and name. The set comes from {issuer}/.well-known/jwks.json over TLS and from nowhere else."""
    keys = {}
    for jwk in strict_json(text.encode())["keys"]:
        demand("d" not in jwk and "k" not in jwk, "a private key was published")
        fit = (jwk.get("kty"), jwk.get("crv"), jwk.get("alg", "ES256"), jwk.get("use", "sig")) == ("EC", "P-256", "ES256", "sig")
        if fit and jwk.get("purpose") in ("badge", "status"):
            canonical = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
            thumbprint = base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()
            demand(jwk["kid"] == thumbprint and all(kid != thumbprint for _, kid in keys), "kid")
            keys[jwk["purpose"], thumbprint] = jwt.PyJWK(jwk, "ES256").key
    demand(keys, "no keys")
    return keys


def in_time(claims, now):
    iat, exp = whole(claims["iat"]), whole(claims["exp"])
    demand(0 <= iat < exp, "exp before iat")
    demand(max(iat, whole(claims.get("nbf", iat))) <= now + 60, "begins in the future")
    demand(now < exp, "has run out")


def status(status_list, idx):
    bits, packed = whole(status_list["bits"]), base64url(status_list["lst"])
    demand(bits in (1, 2, 4, 8), "bits")
    stream = zlib.decompressobj()
    data = stream.decompress(packed, 2**18 + 1)  # no more than a byte above the cap, whatever the stream would inflate to
    demand(len(data) <= 2**18 and stream.eof and not stream.unused_data, "lst")
    at = whole(idx) * bits
    demand(0 <= at < len(data) * 8, "the place is outside the list")
    return data[at // 8] >> at % 8 & (1 << bits) - 1


def base64url(text):
    """One text for each value: no padding, no white space, no spare bits. Python's decoder is lenient, so the way back is compared."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    demand(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, "not base64url")
    return data


def strict_json(data):
    """A JSON object with each member once, no NaN, no half of a surrogate pair, and not too deep. json.loads alone takes all of that."""

    def once(pairs):
        demand(len({name for name, _ in pairs}) == len(pairs), "a member twice")
        return dict(pairs)

    def depth(value):
        inside = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inside), default=0) if isinstance(value, (dict, list)) else 0

    value = json.loads(data.decode(), object_pairs_hook=once, parse_constant=lambda word: demand(False, word))
    demand(isinstance(value, dict) and depth(value) <= 100, "not an object, or too deep")
    json.dumps(value, ensure_ascii=False).encode()
    return value


def whole(value):
    demand(type(value) is int, "not a whole number")  # isinstance would take true for 1
    return value


# From here on: the vectors.


def verdict(vectors, folder, vector):
    def fetch(uri):
        listed = vectors["status_lists"][vector["status_lists"][uri]]
        return listed["token"] if "token" in listed else (folder / listed["file"]).read_text(encoding="ascii")

    try:
        jwks = vectors["key_sets"][vector["jwks"]]
        check(vector["token"], vector["community"], vector["issuer"], jwks, fetch, vector["now"])
        return "valid", ""
    except Exception as error:  # fail closed
        return "invalid", f"{type(error).__name__}: {error}"


def main():
    folder = pathlib.Path(sys.argv[1])
    vectors = json.loads((folder / "vectors.json").read_text(encoding="ascii"))
    wrong = []
    counts = {"valid": 0, "invalid": 0}
    for vector in vectors["vectors"]:
        got, why = verdict(vectors, folder, vector)
        counts[got] += 1
        if got != vector["expect"]["verdict"]:
            wrong.append(f"{vector['name']}: {got} {why}")
    places = json.loads((folder / "large/places.json").read_text(encoding="ascii"))
    claims = open_jws(places["token"], "statuslist+jwt", "status", key_set(vectors["key_sets"]["issuer"]), 512 * 1024)
    # One inflation for all places; `status` is for one.
    data = zlib.decompress(base64url(claims["status_list"]["lst"]))
    values = "".join(str(data[idx // 4] >> idx % 4 * 2 & 3) for idx in places["places"])
    if values != places["values"] or any(str(status(claims["status_list"], i)) != v for i, v in zip(places["places"][:50], values)):
        wrong.append("places: other values")
    for line in wrong:
        print(line, file=sys.stderr)
    print(json.dumps({"ok": not wrong, **counts, "places": len(values)}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
