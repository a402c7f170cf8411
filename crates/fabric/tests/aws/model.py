"""Owns a server that knows EC2 and STS only by botocore's service model: each request is held
against the input shape of its action, each answer is made from the output shape, with every part
filled in, and read back by botocore's own parser. It must not know what the driver needs."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import botocore.loaders
import botocore.model
import botocore.parsers

SERVICES = {"2016-11-15": "ec2", "2011-06-15": "sts"}

#: Entries of each list: enough to see every value of the longest enumeration that is read.
ENTRIES = 9


class Service:
    """One service as its model describes it."""

    def __init__(self, name):
        description = botocore.loaders.Loader().load_service_model(name, "service-2")
        self.model = botocore.model.ServiceModel(description, name)
        self.protocol = self.model.metadata["protocol"]
        self.parser = botocore.parsers.create_parser(self.protocol)

    def check(self, parameters):
        """What is wrong with a request."""
        action = parameters.pop("Action", None)
        version = parameters.pop("Version", None)
        if version != self.model.api_version:
            yield f"{action}: version {version}"
        if action not in self.model.operation_names:
            yield f"there is no action {action}"
            return
        shape = self.model.operation_model(action).input_shape
        tree = {}
        for name, value in parameters.items():
            node = tree
            for part in name.split("."):
                node = node.setdefault(part, {})
            node[""] = value
        yield from self.fits(action, shape, tree)

    def fits(self, where, shape, tree):
        """What of a tree of parameters is not as the shape says."""
        if shape.type_name == "structure":
            names = {self.sent(name, member): (name, member)
                     for name, member in shape.members.items()}
            for part, below in tree.items():
                if part not in names:
                    yield f"{where} has no {part}"
                    continue
                yield from self.fits(f"{where}.{part}", names[part][1], below)
            for name in shape.required_members:
                if self.sent(name, shape.members[name]) not in tree:
                    yield f"{where} lacks {name}"
        elif shape.type_name == "list":
            expected = [str(number) for number in range(1, len(tree) + 1)]
            if list(tree) != expected:
                yield f"{where} is numbered {list(tree)}"
            for number, below in tree.items():
                yield from self.fits(f"{where}.{number}", shape.member, below)
        else:
            yield from self.is_scalar(where, shape, tree)

    @staticmethod
    def is_scalar(where, shape, tree):
        """What of a value is not as the shape says."""
        if list(tree) != [""]:
            yield f"{where} is no single value: {tree}"
            return
        value, limits = tree[""], shape.metadata
        if shape.type_name == "boolean" and value not in ("true", "false"):
            yield f"{where} is no boolean: {value}"
        if shape.type_name in ("integer", "long"):
            if not value.isdigit():
                yield f"{where} is no number: {value}"
            elif not limits.get("min", 0) <= int(value) <= limits.get("max", int(value)):
                yield f"{where} is out of range: {value}"
        if "enum" in limits and value not in limits["enum"]:
            yield f"{where} is none of {limits['enum']}: {value}"

    def sent(self, name, member):
        """What a part of a request is called. Source: botocore's serializers."""
        wire = member.serialization
        if self.protocol != "ec2":
            return wire.get("name", name)
        if "queryName" in wire:
            return wire["queryName"]
        named = wire.get("name", name)
        return named[0].upper() + named[1:]

    def answer(self, action, token):
        """An answer with every part filled in; a second page where there was no token."""
        operation = self.model.operation_model(action)
        inner = "" if operation.output_shape is None else self.filled(operation.output_shape, 0)
        if operation.output_shape is not None:
            paged = "NextToken" in operation.output_shape.members
            if paged and token:
                inner = inner.replace("<nextToken>nextToken-0</nextToken>", "")
            wrapper = operation.output_shape.serialization.get("resultWrapper")
            inner = f"<{wrapper}>{inner}</{wrapper}>" if wrapper else inner
        if self.protocol == "ec2":
            inner = f"<requestId>a</requestId>{inner}"
        else:
            inner += "<ResponseMetadata><RequestId>a</RequestId></ResponseMetadata>"
        body = f"<{action}Response>{inner}</{action}Response>".encode()
        return body, self.parser.parse(
            {"body": body, "headers": {}, "status_code": 200}, operation.output_shape)

    def filled(self, shape, number):
        """The inside of an element of that shape; `number`: which entry of a list it is in."""
        text = ""
        for name, member in shape.members.items():
            wire = member.serialization.get("name", name)
            if member.type_name == "list":
                entry = member.member.serialization.get("name", "member")
                inner = "".join(
                    f"<{entry}>{self.value(member.member, entry, at)}</{entry}>"
                    for at in range(ENTRIES))
            else:
                inner = self.value(member, wire, number)
            text += f"<{wire}>{inner}</{wire}>"
        return text

    def value(self, shape, name, number):
        """A value that says what it is."""
        if shape.type_name == "structure":
            return self.filled(shape, number)
        if "enum" in shape.metadata:
            return shape.metadata["enum"][number % len(shape.metadata["enum"])]
        return escape({
            "boolean": "false" if number % 2 else "true",
            "integer": "7", "long": "7", "float": "0.5", "double": "0.5",
            "timestamp": "2026-01-02T03:04:05Z",
        }.get(shape.type_name, f"{name}-{number}"))


class Handler(BaseHTTPRequestHandler):
    """Answers requests to both services, and questions about them."""

    protocol_version = "HTTP/1.1"
    services = {version: Service(name) for version, name in SERVICES.items()}
    problems, actions = [], set()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        pairs = parse_qsl(body, keep_blank_values=True)
        parameters = dict(pairs)
        if len(parameters) != len(pairs):
            self.problems.append(f"a parameter is there twice: {body}")
        action, version = parameters.get("Action"), parameters.get("Version")
        service, token = self.services[version], parameters.get("NextToken")
        self.problems.extend(service.check(parameters))
        signed = self.headers.get("Authorization", "")
        if f"/{service.model.signing_name}/aws4_request" not in signed:
            self.problems.append(f"{action} is signed for another service: {signed}")
        self.actions.add(f"{service.model.signing_name}:{action}")
        answer, parsed = service.answer(action, token)
        if "Error" in parsed:
            self.problems.append(f"botocore does not read the answer to {action}: {parsed}")
        self.reply(answer, "text/xml")

    def do_GET(self):
        kind, name = (self.path.strip("/").split("/") + [""])[:2]
        facts = {"problems": self.problems, "actions": sorted(self.actions)}
        if kind == "enum":
            shape = self.services["2016-11-15"].model.shape_for(name)
            facts[kind] = shape.metadata["enum"]
        self.reply(json.dumps(facts[kind]).encode(), "application/json")

    def reply(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Says nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(json.dumps({"port": server.server_port}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
