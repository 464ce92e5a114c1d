"""Signs in at a running stand-in ESIA with esia-connector, a published client of the real one, and compares what it reads.

    gosbadge sandbox esia --listen 127.0.0.1:8177 --client-id TESTIS --client-cert cl.crt \
        --redirect-uri http://127.0.0.1:9/cb --auto-approve kindergarten-head
    python run.py --base-url http://127.0.0.1:8177 --client-id TESTIS --cert cl.crt --key cl.key

Exits 0 when everything is as expected, 1 with the difference otherwise.
"""

import argparse
import sys
import tempfile
from urllib.parse import parse_qs, urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from esia_connector.client import EsiaAuth, EsiaSettings
from esia_connector.exceptions import HttpError

SCOPE = "openid fullname usr_org"
OID = 2000000001
ROLE = {
    "oid": 1000000101,
    "prnOid": OID,
    "ogrn": "1029900001010",
    "type": "LEGAL",
    "chief": True,
    "admin": False,
    "active": True,
    "isLiquidated": False,
}

failures = []


def check(what, got, expected):
    if got == expected:
        print(f"ok    {what}")
    else:
        failures.append(what)
        print(f"WRONG {what}: got {got!r}, expected {expected!r}")


def token_key_file(base_url):
    """The public key of the stand-in's first (RSA) certificate, in a file, as the client wants it."""
    pem = requests.get(f"{base_url}/public/esia.pem", timeout=10)
    pem.raise_for_status()
    key = x509.load_pem_x509_certificate(pem.content).public_key()
    out = tempfile.NamedTemporaryFile(suffix=".pub", delete=False)
    out.write(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
    out.close()
    return out.name


def sign_in(auth):
    """One round trip through /ac; the stand-in approves at once."""
    answer = requests.get(auth.get_auth_url(), allow_redirects=False, timeout=10)
    check("/ac answers with a redirect", answer.status_code, 302)
    location = answer.headers.get("Location", "")
    check("the redirect goes to the client", location.split("?")[0], auth.settings.redirect_uri)
    query = parse_qs(urlsplit(location).query)
    if "code" not in query:
        sys.exit(f"no code in {location}")
    return query["code"][0], query["state"][0]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--base-url", "--client-id", "--cert", "--key"):
        arguments.add_argument(name, required=True)
    arguments.add_argument("--redirect-uri", default="http://127.0.0.1:9/cb")
    given = arguments.parse_args()

    settings = EsiaSettings(
        given.client_id, given.redirect_uri, given.cert, given.key, given.base_url, SCOPE, token_key_file(given.base_url)
    )
    auth = EsiaAuth(settings)
    code, state = sign_in(auth)
    person = auth.complete_authorization(code, state)
    check("oid from the verified id_token", person.oid, OID)

    info = person.get_person_main_info()
    check("name", [info.get(k) for k in ("lastName", "firstName", "middleName")], ["Ромашкина", "Анна", "Примеровна"])
    check("confirmed account", info.get("trusted"), True)
    check("no field without its scope", [k for k in ("snils", "inn", "birthDate") if k in info], [])
    check("contacts without their scope", person.get_person_contacts().get("size"), 0)
    check("addresses", person.get_person_addresses().get("size"), 0)
    check("documents", person.get_person_documents().get("size"), 0)

    roles = person.esia_request(f"{given.base_url}/rs/prns/{person.oid}/roles")
    check("one organisation", roles.get("size"), 1)
    role = (roles.get("elements") or [{}])[0]
    check("role", {k: role.get(k) for k in ROLE}, ROLE)

    try:
        auth.complete_authorization(code, state)
        check("a code works once", "worked twice", "refused")
    except HttpError as error:
        answer = error.args[0].response
        check("a code works once", (answer.status_code, answer.json()["error_description"][:11]), (400, "ESIA-007011"))

    if failures:
        sys.exit(f"{len(failures)} difference(s): {', '.join(failures)}")
    print("esia-connector and the stand-in agree")


if __name__ == "__main__":
    main()
