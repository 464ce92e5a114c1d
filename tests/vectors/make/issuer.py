"""The issuer of the vectors: keys derived from a seed, a good attestation, a good status list, and signing by hand.

Nothing here is shared with the verifier that the vectors test, and no private key is kept: whoever runs this has them anyway.
"""

import base64
import copy
import hashlib
import hmac
import json
import zlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISS = "https://badge.example.ru"
LIST = f"{ISS}/status/1"
ISSUED = 1795453977
NOW = ISSUED + 3600
DAY = 86400
#: Order of P-256 (SEC 2).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BYTES_MAX = 2**18
TOKEN_MAX = 16 * 1024
LIST_TOKEN_MAX = 512 * 1024
VK = {"platform": "vk", "id": "218000001"}


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Key:
    def __init__(self, name, purpose, curve=None):
        self.curve = curve or ec.SECP256R1()
        seed = hashlib.sha256(f"gosbadge test vectors, not a secret: {name}".encode()).digest()
        self.private = ec.derive_private_key(int.from_bytes(seed, "big"), self.curve)
        self.purpose = purpose
        self.size = (self.curve.key_size + 7) // 8
        point = self.private.public_key().public_numbers()
        self.x, self.y = (b64(n.to_bytes(self.size, "big")) for n in (point.x, point.y))
        self.crv, self.alg = {
            "secp256r1": ("P-256", "ES256"),
            "secp384r1": ("P-384", "ES384"),
            "secp256k1": ("secp256k1", "ES256K"),
        }[self.curve.name]
        self.kid = thumbprint(self.crv, self.x, self.y)

    def jwk(self, **other):
        jwk = {
            "kty": "EC",
            "crv": self.crv,
            "x": self.x,
            "y": self.y,
            "kid": self.kid,
            "alg": self.alg,
            "use": "sig",
            "purpose": self.purpose,
        }
        jwk.update(other)
        return {name: value for name, value in jwk.items() if value is not None}

    def pem(self):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)

    def der_signature(self, message):
        digest = hashes.SHA384() if self.alg == "ES384" else hashes.SHA256()
        return self.private.sign(message, ec.ECDSA(digest, deterministic_signing=True))

    def numbers(self, message):
        return decode_dss_signature(self.der_signature(message))

    def sign(self, header, payload):
        """`header` and `payload` as texts or bytes, whatever they are."""
        message = f"{b64(header)}.{b64(payload)}"
        r, s = self.numbers(message.encode())
        return f"{message}.{b64(r.to_bytes(self.size, 'big') + s.to_bytes(self.size, 'big'))}"


def thumbprint(crv, x, y):
    return b64(hashlib.sha256(f'{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest())


BADGE = Key("badge", "badge")
OLDER = Key("older badge", "badge")
STATUS = Key("status", "status")
STRANGER = Key("stranger", "badge")
P384 = Key("P-384", "badge", ec.SECP384R1())
K256 = Key("secp256k1", "badge", ec.SECP256K1())

CLAIMS = {
    "iss": ISS,
    "sub": f"{ISS}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE",
    "sub_id": {
        "format": "aliases",
        "identifiers": [
            {"format": "iss_sub", "iss": "https://vk.com", "sub": "218000001"},
            {"format": "uri", "uri": "https://vk.com/club218000001"},
        ],
    },
    "trust_mark_type": f"{ISS}/tm/official-community/v1",
    "jti": "att_01KAR4TB3K6S0P7F2QG8RNV4XW",
    "iat": ISSUED,
    "exp": ISSUED + 90 * DAY,
    "logo_uri": f"{ISS}/badge/v1.svg",
    "ref": f"{ISS}/c/01KAR4T7Q2M9XVB3H5NDW8YJZE",
    "organization_name": "МБДОУ «Детский сад № 12»",
    "organization_type": "public",
    "community": {
        "platform": "vk",
        "id": "218000001",
        "uri": "https://vk.com/club218000001",
        "name": "Детский сад № 12 «Ромашка»",
        "screen_name": "ds12_primersk",
    },
    "legal_entity": {
        "legal_person_name": "Муниципальное бюджетное дошкольное образовательное учреждение «Детский сад № 12»",
        "legal_person_id": "NTRRU-1029900000019",
        "identifier": {"ogrn": "1029900000019", "inn": "9900000017"},
        "registration_country": "RU",
        "authority_kind": "kindergarten",
    },
    "assurance": {
        "framework": f"{ISS}/assurance/v1",
        "level": "high",
        "entity": {"method": "idp_org_login", "idp": "esia", "at": "2026-11-20"},
        "representation": {"method": "idp_org_member", "at": "2026-11-20"},
        "control": {"method": "platform_push", "at": "2026-11-20"},
    },
    "status": {"status_list": {"idx": 7, "uri": LIST}},
}

#: Entries of the usual list that are not VALID.
ENTRIES = {8: 1, 9: 2, 10: 3}
GONE = object()


def changed(base, changes):
    """A copy of `base` with the members at `a.b.0` paths replaced, or removed where the value is GONE."""
    result = copy.deepcopy(base)
    for path, value in changes.items():
        *way, last = path.split("/")
        at = result
        for step in way:
            at = at[int(step)] if isinstance(at, list) else at[step]
        if value is GONE:
            del at[last]
        elif isinstance(at, list):
            at[int(last)] = value
        else:
            at[last] = value
    return result


def header_of(key, typ="trust-mark+jwt", **other):
    header = {"typ": typ, "alg": key.alg, "kid": key.kid}
    header.update(other)
    return dumps({name: value for name, value in header.items() if value is not GONE})


def mark(changes=None, key=BADGE, **header):
    """A signed attestation after changes of claims and of header members."""
    return key.sign(header_of(key, **header), dumps(changed(CLAIMS, changes or {})))


def mark_of(payload, key=BADGE):
    """A signed attestation whose claims are this text, or these bytes."""
    return key.sign(header_of(key), payload)


def packed(entries=None, size=1024, bits=2, fill=0):
    """The bytes of a list: `size` entries, packed from the least significant bit."""
    data = bytearray(size * bits // 8)
    for idx in range(size) if fill else ():
        data[idx * bits // 8] |= fill << (idx * bits % 8)
    for idx, value in (ENTRIES if entries is None else entries).items():
        at, shift = idx * bits // 8, idx * bits % 8
        data[at] = data[at] & ~(((1 << bits) - 1) << shift) & 0xFF | value << shift
    return bytes(data)


def lst(data):
    return b64(zlib.compress(data, 9))


def list_claims(changes=None, data=None):
    claims = {
        "iss": ISS,
        "sub": LIST,
        "iat": ISSUED,
        "exp": ISSUED + DAY,
        "ttl": 60,
        "status_list": {"bits": 2, "lst": lst(packed() if data is None else data)},
    }
    return changed(claims, changes or {})


def status_list(changes=None, data=None, key=STATUS, typ="statuslist+jwt", **header):
    return key.sign(header_of(key, typ=typ, **header), dumps(list_claims(changes, data)))


def hmac_signed(header, payload, secret, digest="sha256"):
    message = f"{b64(header)}.{b64(payload)}"
    return f"{message}.{b64(hmac.new(secret, message.encode(), digest).digest())}"


def key_set(*keys):
    return dumps({"keys": [key if isinstance(key, dict) else key.jwk() for key in keys]})
