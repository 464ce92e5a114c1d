"""Vectors that must fail for their key set: keys that may not sign such tokens, and sets nobody should use at all."""

from issuer import BADGE, OLDER, STATUS, CLAIMS, b64, dumps, key_set, mark, thumbprint


def add_to(v):
    good = mark()

    def unfit(name, why, keys, reason="key-unknown"):
        v.invalid("wrong_signature", reason, name, why, good, keys=key_set(*keys))

    unfit("keys-none-of-ours", "the set has other keys of the issuer, but not the one that signed", (OLDER, STATUS))
    unfit("key-no-purpose", "the key does not say what it may sign", (BADGE.jwk(purpose=None), STATUS))
    unfit("key-log", "the key's purpose is another one", (BADGE.jwk(purpose="log"), STATUS))
    unfit("key-for-encryption", "the key is for encryption", (BADGE.jwk(use="enc"), STATUS))
    unfit("key-es384", "the key is for another algorithm", (BADGE.jwk(alg="ES384"), STATUS))
    unfit("key-only-status", "the key may sign lists only", (BADGE.jwk(purpose="status"), OLDER), "key-purpose")

    def unusable(name, why, text, token=good):
        v.invalid("unknown", "key-set", name, why, token, keys=text)

    unusable("set-empty", "no key at all", key_set())
    unusable("set-not-json", "the set is a web page", "<html></html>")
    unusable("set-no-keys", "an object without keys", "{}")
    unusable("set-array", "an array of keys", dumps([BADGE.jwk(), STATUS.jwk()]))
    unusable(
        "set-private", "the set has a private key in it: everybody can sign now", key_set(BADGE, STATUS, OLDER.jwk(d=OLDER.x))
    )
    unusable("set-secret", "the set has a symmetric key in it", key_set(BADGE, STATUS, {"kty": "oct", "k": BADGE.x, "kid": "k"}))
    unusable("set-kid-twice", "one key stands there with two purposes", key_set(BADGE, STATUS, BADGE.jwk(purpose="status")))
    unusable(
        "set-kid-not-thumbprint",
        "a key under another name than its thumbprint (RFC 7638)",
        key_set(BADGE.jwk(kid=OLDER.kid), STATUS),
        mark(kid=OLDER.kid),
    )
    twice = key_set(BADGE, STATUS).replace('"purpose":"badge"', '"purpose":"status","purpose":"badge"')
    unusable("set-member-twice", "a key with two purposes, one behind the other", twice)
    unusable("set-keys-twice", "two arrays of keys", '{"keys":[],' + key_set(BADGE, STATUS)[1:])
    unusable("set-short-x", "a coordinate of 31 bytes", key_set(BADGE.jwk(x=BADGE.x[:42]), STATUS))
    x, y = b64(bytes(31) + b"\5"), b64(bytes(31) + b"\1")
    off = {
        "kty": "EC",
        "crv": "P-256",
        "x": x,
        "y": y,
        "kid": thumbprint("P-256", x, y),
        "alg": "ES256",
        "use": "sig",
        "purpose": "badge",
    }
    token = BADGE.sign(dumps({"typ": "trust-mark+jwt", "alg": "ES256", "kid": off["kid"]}), dumps(CLAIMS))
    v.invalid(
        "wrong_signature", "signature", "key-off-curve", "the key is no point of the curve", token, keys=key_set(off, STATUS)
    )
