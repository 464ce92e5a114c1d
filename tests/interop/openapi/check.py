"""Validates the OpenAPI document, and answers of the service against the schemas the document gives for them.

Usage: check.py PUBLIC_URL CLIENT_ID CLIENT_SECRET ADMIN_URL OPERATOR_TOKEN
Prints one line; ends with another status than 0 on the first thing that does not hold.
"""

import base64
import json
import sys
import urllib.request

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


def get(url, authorization=None):
    request = urllib.request.Request(url, headers={"authorization": authorization} if authorization else {})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        return answer.status, answer.headers.get_content_type(), answer.read()


def main(public, client_id, client_secret, admin, token):
    document = json.loads(get(public + "/openapi.json")[2])
    OpenAPIV31SpecValidator(document).validate()
    registry = Registry().with_resource("urn:openapi", Resource(contents=document, specification=DRAFT202012))
    basic = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    held = 0
    for path, item in document["paths"].items():
        operation = item.get("get")
        # Whatever needs an id, a link or a browser of its own is left to other suites.
        if operation is None or "{" in path or any(p["required"] for p in operation["parameters"]):
            continue
        schemes = {name for way in operation["security"] for name in way}
        if "browser" in schemes or path.startswith("/oauth/") or path == "/login":
            continue
        base = admin if path.startswith("/admin/") or path == "/metrics" else public
        credentials = basic if "clientSecret" in schemes else "Bearer " + token if "operatorToken" in schemes else None
        status, media, body = get(base + path, credentials)
        documented = operation["responses"].get(str(status))
        if documented is None:
            # The front page, where a redirect was followed.
            assert path == "/check", f"GET {path} answered {status}, which is not documented"
            continue
        contents = documented.get("content", {})
        assert any(name.split(";")[0] == media for name in contents), f"GET {path}: {media} is not among {list(contents)}"
        if media == "application/json":
            schema = next(iter(contents.values()))["schema"]["$ref"].removeprefix("#")
            Draft202012Validator({"$ref": "urn:openapi#" + schema}, registry=registry).validate(json.loads(body))
            held += 1
    assert held >= 8, f"only {held} answers were checked"
    print(f"{len(document['paths'])} paths are valid OpenAPI 3.1; {held} answers fit their schemas")


if __name__ == "__main__":
    main(*sys.argv[1:])
