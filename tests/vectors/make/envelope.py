"""Vectors that must fail before anybody reads the claims: algorithm, type, key, signature, encoding, shape."""

import json

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from good import of_length
from issuer import (
    BADGE,
    CLAIMS,
    K256,
    ORDER,
    P384,
    STATUS,
    STRANGER,
    TOKEN_MAX,
    b64,
    changed,
    dumps,
    header_of,
    hmac_signed,
    key_set,
    mark,
    status_list,
)

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def number(n):
    return n.to_bytes(32, "big")


def algorithms(v):
    def no(name, why, token, **rest):
        v.invalid("wrong_signature", "alg", name, why, token, **rest)

    text = dumps(CLAIMS)
    signature = mark().rsplit(".", 1)[1]
    typed = {"typ": "trust-mark+jwt"}
    no("alg-none", "an unsecured token (RFC 8725 2.1)", f"{b64(dumps({**typed, 'alg': 'none', 'kid': BADGE.kid}))}.{b64(text)}.")
    no("alg-none-bare", "an unsecured token that names nothing at all", f"{b64(dumps({'alg': 'none'}))}.{b64(text)}.")
    no(
        "alg-none-cased",
        "nOnE, for those who compare with none",
        f"{b64(dumps({**typed, 'alg': 'nOnE', 'kid': BADGE.kid}))}.{b64(text)}.",
    )
    no(
        "alg-none-signed",
        "none, with a signature of the good token behind it",
        f"{b64(dumps({**typed, 'alg': 'none', 'kid': BADGE.kid}))}.{b64(text)}.{signature}",
    )
    no("alg-missing", "no algorithm, signed with the right key", BADGE.sign(dumps({**typed, "kid": BADGE.kid}), text))
    no(
        "alg-list",
        "an array that contains ES256, signed with the right key",
        BADGE.sign(dumps({**typed, "alg": ["ES256"], "kid": BADGE.kid}), text),
    )
    no(
        "alg-lower-case",
        "es256: names of algorithms are case-sensitive (RFC 7515 4.1.1)",
        BADGE.sign(dumps({**typed, "alg": "es256", "kid": BADGE.kid}), text),
    )
    for alg in ("ES384", "ES512", "RS256", "PS256", "EdDSA"):
        no(
            f"alg-{alg.lower()}-claimed",
            f"{alg} in the header, an ES256 signature behind it",
            BADGE.sign(dumps({**typed, "alg": alg, "kid": BADGE.kid}), text),
        )
    no(
        "curve-p384",
        "a true ES384 signature of a P-384 key that stands in the key set: the curve is not ours to choose",
        mark(key=P384),
        keys=key_set(BADGE, STATUS, P384),
    )
    no(
        "curve-secp256k1",
        "a true ES256K signature of a secp256k1 key that stands in the key set",
        mark(key=K256),
        keys=key_set(BADGE, STATUS, K256),
    )
    forms = {
        "pem": BADGE.pem(),
        "pem-bare": BADGE.pem().strip(),
        "der": BADGE.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "jwk": dumps(BADGE.jwk()).encode(),
        "jwk-spaced": json.dumps(BADGE.jwk()).encode(),
        "key-set": key_set(BADGE, STATUS).encode(),
        "x": BADGE.x.encode(),
        "empty": b"",
    }
    for form, secret in forms.items():
        header = dumps({**typed, "alg": "HS256", "kid": BADGE.kid})
        no(f"hs256-{form}", f"HS256 with our public key as the secret ({form}), RFC 8725 2.1", hmac_signed(header, text, secret))
    for alg in ("HS384", "HS512"):
        header = dumps({**typed, "alg": alg, "kid": BADGE.kid})
        no(
            f"{alg.lower()}-pem",
            f"{alg} with our public key as the secret",
            hmac_signed(header, text, BADGE.pem(), "sha" + alg[2:]),
        )
    v.invalid(
        "wrong_signature",
        "signature",
        "hs256-disguised",
        "an HS256 tag over a header that says ES256",
        hmac_signed(header_of(BADGE), text, BADGE.pem()),
    )


def types_and_keys(v):
    text = dumps(CLAIMS)

    def no_type(name, why, token):
        v.invalid("malformed", "typ", name, why, token)

    no_type(
        "typ-missing",
        "no type: a token of another kind might pass for an attestation (RFC 8725 3.11)",
        BADGE.sign(dumps({"alg": "ES256", "kid": BADGE.kid}), text),
    )
    for typ in (
        "JWT",
        "entity-statement+jwt",
        "statuslist+jwt",
        "trust-mark-status-response+jwt",
        "trust-mark-delegation+jwt",
        "secevent+jwt",
    ):
        no_type(f"typ-{typ.lower().replace('+', '-')}", f"the type is {typ}", mark(typ=typ))
    no_type("typ-number", "the type is a number", mark(typ=7))
    no_type("status-list-as-attestation", "a status list is shown as an attestation", status_list())

    def no_key(name, why, token, reason="key-unknown", **rest):
        v.invalid("wrong_signature", reason, name, why, token, **rest)

    no_key("kid-missing", "no key is named", BADGE.sign(dumps({"typ": "trust-mark+jwt", "alg": "ES256"}), text))
    no_key("kid-list", "the key's name is an array with the right name in it", mark(kid=[BADGE.kid]))
    no_key("kid-empty", "the key's name is empty", mark(kid=""))
    no_key("kid-stranger", "a stranger signs with his own key and names it", mark(key=STRANGER))
    no_key("kid-path", "the key's name is a path to a file everybody knows", mark(key=STRANGER, kid="../../../../dev/null"))
    no_key("kid-sql", "the key's name is a query", mark(key=STRANGER, kid="' UNION SELECT 'x"))
    no_key("kid-nul", "the right name and a NUL", mark(kid=BADGE.kid + "\u0000"))
    no_key("kid-prototype", "a name that every JavaScript object answers to", mark(key=STRANGER, kid="__proto__"))
    no_key("kid-url", "the key's name is an address", mark(key=STRANGER, kid="https://evil.example/key.json"))
    no_key(
        "kid-p384",
        "ES256 in the header, the name of a P-384 key of the set",
        mark(kid=P384.kid),
        keys=key_set(BADGE, STATUS, P384),
    )
    no_key(
        "kid-status-key",
        "the status key signs an attestation: its thief must not be able to issue badges",
        mark(key=STATUS),
        "key-purpose",
    )
    no_key("signed-by-stranger", "a stranger signs and names our key", mark(key=STRANGER, kid=BADGE.kid), "signature")
    no_key("signed-by-status-key", "the status key signs and names the badge key", mark(key=STATUS, kid=BADGE.kid), "signature")

    def brought(name, why, token):
        v.invalid("wrong_signature", "header-member", name, why, token)

    own = STRANGER.jwk()
    brought(
        "jwk-header",
        "a stranger brings his key along in the header (RFC 8725 2.1; CVE-2018-0114)",
        mark(key=STRANGER, kid=BADGE.kid, jwk=own),
    )
    brought("jwk-header-own-kid", "a stranger brings his key along, under its own name", mark(key=STRANGER, jwk=own))
    brought(
        "jwk-header-our-kid",
        "a stranger brings his key along, under our key's name",
        mark(key=STRANGER, kid=BADGE.kid, jwk={**own, "kid": BADGE.kid}),
    )
    brought("jku-header", "a stranger says where his keys are", mark(key=STRANGER, jku="https://evil.example/jwks.json"))
    brought("x5u-header", "a stranger says where his certificate is", mark(key=STRANGER, x5u="https://evil.example/cert.pem"))
    brought("x5c-header", "a stranger brings a certificate along", mark(key=STRANGER, x5c=["MIIBAA"]))
    brought(
        "crit-exp",
        "a critical member we do not implement (RFC 7515 4.1.11), signed with the right key",
        mark(crit=["exp"], exp=1),
    )
    brought("crit-empty", "an empty crit, which RFC 7515 4.1.11 forbids, signed with the right key", mark(crit=[]))
    unencoded = BADGE.sign(header_of(BADGE, crit=["b64"], b64=False), text)
    brought("crit-b64", "an unencoded payload (RFC 7797), which section 7 there forbids in a JWT", unencoded)

    def no_header(name, why, header):
        v.invalid("malformed", "header", name, why, BADGE.sign(header, text))

    good = header_of(BADGE)
    no_header(
        "header-alg-twice",
        "two algorithms: readers that take the first and readers that take the last see two tokens (RFC 7515 4)",
        '{"alg":"none",' + good[1:],
    )
    no_header("header-kid-twice", "two keys are named", f'{{"kid":"{STRANGER.kid}",' + good[1:])
    no_header("header-twice-escaped", "two algorithms, one of them spelt with an escape", '{"\\u0061lg":"HS256",' + good[1:])
    no_header("header-array", "the header is an array", dumps(["trust-mark+jwt", "ES256", BADGE.kid]))
    no_header("header-null", "the header is null", "null")
    no_header("header-empty", "there is no header", "")
    no_header("header-bom", "a byte order mark before the header", "\ufeff" + good)
    no_header("header-not-utf8", "the header is not UTF-8", good.encode()[:-1] + b',"x":"\xff"}')
    no_header("header-trailing", "something follows the header", good + "{}")
    no_header("header-deep", "1000 arrays inside each other in the header", good[:-1] + ',"x":' + "[" * 1000 + "]" * 1000 + "}")


def signatures(v):
    def no(name, why, token):
        v.invalid("wrong_signature", "signature", name, why, token)

    token = mark()
    message, encoded = token.rsplit(".", 1)
    r, s = BADGE.numbers(message.encode())
    raw = number(r) + number(s)
    no(
        "swapped-index",
        "the place in the status list was changed, the signature is that of the original",
        ".".join([mark({"status/status_list/idx": 0}).rsplit(".", 1)[0], encoded]),
    )
    no(
        "swapped-community",
        "the community was changed, the signature is that of the original",
        ".".join([mark({"community/id": "218000002", "sub_id/identifiers/0/sub": "218000002"}).rsplit(".", 1)[0], encoded]),
    )
    no(
        "swapped-exp",
        "the end was moved, the signature is that of the original",
        ".".join([mark({"exp": CLAIMS["exp"] + 1}).rsplit(".", 1)[0], encoded]),
    )
    no("signature-of-the-list", "the signature of a status list", f"{message}.{status_list().rsplit('.', 1)[1]}")
    no("signature-empty", "no signature", f"{message}.")
    turned = bytearray(raw)
    turned[40] ^= 1
    forged = {
        "signature-bit": ("one bit of it is turned", bytes(turned)),
        "signature-zeros": ("r = s = 0 (CVE-2022-21449)", bytes(64)),
        "signature-r-zero": ("r = 0", number(0) + number(s)),
        "signature-s-zero": ("s = 0", number(r) + number(0)),
        "signature-order": ("r = s = n, the order of the curve", number(ORDER) * 2),
        "signature-r-order": ("r = n", number(ORDER) + number(s)),
        "signature-s-order": ("s = n", number(r) + number(ORDER)),
        "signature-ones": ("r and s above n", b"\xff" * 64),
        "signature-one-one": ("r = s = 1", number(1) * 2),
        "signature-swapped": ("s before r", number(s) + number(r)),
        "signature-der": ("DER instead of r and s one after the other (RFC 7518 3.4)", BADGE.der_signature(message.encode())),
        "signature-63": ("the last byte is missing", raw[:63]),
        "signature-32": ("half of it is missing", raw[:32]),
        "signature-65": ("one byte more", raw + b"\0"),
        "signature-zero-first": ("a zero byte before it", b"\0" + raw),
        "signature-wide": ("r and s as numbers of 48 bytes, as P-384 has them", bytes(16) + number(r) + bytes(16) + number(s)),
    }
    for name, (why, signature) in forged.items():
        no(name, f"signature: {why}", f"{message}.{b64(signature)}")


def encoding(v):
    def no(name, why, token):
        v.invalid("malformed", "not-base64url", name, why, token)

    token = mark()
    # 64 bytes end in a character with four spare bits.
    assert token[-1] in "AQgw"
    no(
        "base64-spare-bits",
        "the signature with a spare bit set: a second text of the same token (RFC 4648 3.5)",
        token[:-1] + ALPHABET[ALPHABET.index(token[-1]) + 1],
    )
    no("base64-padding", "the signature with padding (RFC 7515 2)", token + "==")
    head, rest = token.split(".", 1)
    padded = next(t for t in (b64(header_of(BADGE) + " " * n) for n in range(3)) if len(t) % 4)
    no(
        "base64-padding-header",
        "a padded header, and a signature over it",
        _signed_text(padded + "=" * (-len(padded) % 4), b64(dumps(CLAIMS))),
    )
    for n in range(100):
        other = mark({"jti": f"att_01KAR4TB3K6S0P7F2QG8RNV{n:03}"})
        message, signature = other.rsplit(".", 1)
        if "-" in signature and "_" in signature:
            break
    no(
        "base64-standard",
        "the signature in the alphabet with + and /",
        f"{message}.{signature.replace('-', '+').replace('_', '/')}",
    )
    middle = len(token) - 40
    no("base64-space", "a space inside the signature", f"{token[:middle]} {token[middle:]}")
    no("base64-newline-inside", "a line break inside the signature", f"{token[:middle]}\n{token[middle:]}")
    no("base64-newline-after", "a line break behind the token: nothing is trimmed", token + "\n")
    no("base64-space-before", "a space before the token", " " + token)
    no("base64-bom", "a byte order mark before the token", "\ufeff" + token)
    no("base64-nul", "a NUL in the claims: what lies behind it must be seen", f"{head}.{rest[:20]}\u0000{rest[20:]}")
    no("base64-nul-after", "a NUL and another text behind the token", token + "\u0000x")
    no("base64-homoglyph", "a Cyrillic letter that looks like a Latin one", token.replace("e", "\u0435", 1))
    no("base64-percent", "the token as it would stand in a form", token.replace("J", "%4A", 1))
    no("base64-odd", "one character too few to be base64url", f"{head}.{b64(b'{}')}.{'A' * 85}")
    no("base64-star", "a character of no alphabet that lenient decoders drop", f"{token[:middle]}*{token[middle:]}")


def _signed_text(header, payload):
    message = f"{header}.{payload}"
    r, s = BADGE.numbers(message.encode())
    return f"{message}.{b64(number(r) + number(s))}"


def shape(v):
    def no(name, why, token, reason="not-a-jwt"):
        v.invalid("malformed", reason, name, why, token)

    token = mark()
    header, payload, signature = token.split(".")
    no("empty", "nothing", "")
    no("two-dots", "two dots and nothing else", "..", "header")
    no("one-part", "no dot", token.replace(".", ""))
    no("two-parts", "the signature and its dot are missing", f"{header}.{payload}")
    no("four-parts", "a fourth part", f"{token}.{signature}")
    no("jwe-shape", "five parts, like an encrypted token", f"{header}..{b64(b'iv')}.{payload}.{signature}")
    no("dot-before", "a dot before the token", f".{token}")
    no("dot-after", "a dot behind the token", f"{token}.")
    no(
        "json-flattened",
        "JSON serialization instead of compact (RFC 7519 3)",
        dumps({"protected": header, "payload": payload, "signature": signature}),
    )
    no(
        "json-general",
        "JSON serialization with two signatures",
        dumps({"payload": payload, "signatures": [{"protected": header, "signature": signature}] * 2}),
    )
    no("disclosures", "the tilde of SD-JWT behind the token", f"{token}~", "not-base64url")
    detached = f"{header}..{signature}"
    v.invalid("wrong_signature", "signature", "detached", "the claims are left out (RFC 7515 appendix F)", detached)
    no("too-large", "16385 characters, right in every other way", of_length(TOKEN_MAX + 1), "too-large")
    no("dots", "16385 dots: to be refused without splitting", "." * (TOKEN_MAX + 1), "too-large")
    no("dots-many", "64 KiB of dots", "." * 65536, "too-large")
    foreign = changed(CLAIMS, {"iss": "https://evil.example"})
    v.invalid(
        "wrong_issuer",
        "issuer",
        "foreign-issuer",
        "somebody else's attestation, signed with somebody else's key",
        STRANGER.sign(header_of(STRANGER), dumps(foreign)),
    )


def add_to(v):
    algorithms(v)
    types_and_keys(v)
    signatures(v)
    encoding(v)
    shape(v)
