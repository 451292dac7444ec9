"""Names in the compose files mean something: what a schema cannot say. Needs ruamel.yaml."""

import pathlib
import re
import sys

from ruamel.yaml import YAML

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGES = set(re.findall(r"(?m)^FROM \S+ AS (\S+)$", (ROOT / "deploy/Dockerfile").read_text()))
SETTINGS = set(re.findall(r"(?m)^#?([A-Z_]+)=", (ROOT / ".env.example").read_text()))
BALANCER = set(re.findall(r"\b((?:LB|AUTH|CHAT)_[A-Z0-9_]+)\b", (ROOT / "deploy/haproxy.cfg").read_text()))


def load(name):
    file = YAML(typ="safe").load((ROOT / name).read_text())
    for included in file.get("include", []):
        for part, entries in load(included).items():
            if isinstance(entries, dict):
                file[part] = {**entries, **file.get(part, {})}
    return file


def wrong(file):
    services, volumes, networks = (file.get(part) or {} for part in ("services", "volumes", "networks"))
    for name, service in services.items():
        for other, how in (service.get("depends_on") or {}).items():
            if other not in services:
                yield f"{name} depends on {other}, which is not there"
            elif how["condition"] == "service_healthy" and not has_health(services[other]):
                yield f"{name} waits for {other} to be healthy, which has no health check"
        for network in service.get("networks", []):
            if network not in networks:
                yield f"{name} is in the network {network}, which is not there"
        for volume in service.get("volumes", []):
            source = re.sub(r"^([^:]+):.*", r"\1", volume)
            if source.startswith(".") and not (ROOT / source).exists() or not source.startswith(".") and source not in volumes:
                yield f"{name} mounts {source}, which is not there"
        if (build := service.get("build")) and build["target"] not in STAGES:
            yield f"{name} is built from {build['target']}, which deploy/Dockerfile does not have"
        if not build and not re.search(r":.*\d", service["image"]):
            yield f"{name} runs {service['image']}, which has no version"
        for variable, value in (service.get("environment") or {}).items():
            known = SETTINGS if "natter" in service["image"] else BALANCER if "haproxy" in service["image"] else None
            if known is not None and name != "secrets" and variable not in known:
                yield f"{name} is given {variable}, which it does not know"
            host = re.match(r"(?:\w+://(?:[^@/]*@)?)?([a-z][a-z0-9-]*):\d+(?:/|$)", str(value))
            if host and host[1] not in services:
                yield f"{variable} of {name} is {value}, and there is no service {host[1]}"
            if host and not shares_a_network(service, services.get(host[1], {})):
                yield f"{variable} of {name} is {value}, and they share no network"


def has_health(service):
    return "healthcheck" in service


def shares_a_network(one, other):
    return bool(set(one.get("networks", ["default"])) & set(other.get("networks", ["default"])))


found = [f"{path.name}: {what}" for path in sorted(ROOT.glob("docker-compose*.yml")) for what in wrong(load(path.name))]
print("\n".join(found))
sys.exit(bool(found))
