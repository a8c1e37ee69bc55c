"""Where a deployment answers: the ingresses and load balancers in front of it."""

from claude_agent.actions.context import Context
from claude_agent.actions.errors import ActionFailed
from claude_agent.actions.kubectl import Kubectl, Object

_PLAIN, _SECURE = 80, 443


def urls(context: Context, cluster: Kubectl, deployment: Object) -> list[str]:
    """Return the addresses of a deployment; none where the cluster does not tell."""
    if deployment is None:
        return []
    namespace = str(deployment["metadata"].get("namespace", ""))
    where = ["--namespace", namespace] if namespace else []
    try:
        found: list[Object] = cluster.objects("get", "services,ingresses", *where)
    except ActionFailed as error:
        context.say(f"its addresses cannot be asked: {error.message}")
        return []
    labels = deployment["spec"]["template"]["metadata"].get("labels", {})
    services = [one for one in found if one["kind"] == "Service" and _meant(one, labels)]
    names = {one["metadata"]["name"] for one in services}
    ingresses = [one for one in found if one["kind"] == "Ingress"]
    return [url for one in ingresses for url in _of_ingress(one, names)] + [
        url for one in services for url in _of_service(one)
    ]


def _meant(service: Object, labels: dict[str, str]) -> bool:
    selector = service.get("spec", {}).get("selector") or {}
    return bool(selector) and selector.items() <= labels.items()


def _of_service(service: Object) -> list[str]:
    places = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    hosts = [place.get("hostname") or place.get("ip") for place in places]
    ports = [int(port["port"]) for port in service["spec"].get("ports", [])]
    return [_url(host, port) for host in hosts if host for port in ports]


def _url(host: str, port: int) -> str:
    if port in (_PLAIN, _SECURE):
        return f"{'https' if port == _SECURE else 'http'}://{host}"
    return f"http://{host}:{port}"


def _of_ingress(ingress: Object, services: set[str]) -> list[str]:
    spec = ingress.get("spec", {})
    secure = {host for tls in spec.get("tls", []) for host in tls.get("hosts", [])}
    found = []
    for rule in spec.get("rules", []):
        for path in rule.get("http", {}).get("paths", []):
            named = path.get("backend", {}).get("service", {}).get("name")
            if named in services and rule.get("host"):
                scheme = "https" if rule["host"] in secure else "http"
                found.append(f"{scheme}://{rule['host']}{path.get('path', '').rstrip('/')}")
    return found
