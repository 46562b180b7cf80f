"""What deploy/ ships: the image's steps in a clean root, compose by its schema, the unit by systemd, the proxy."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import yaml
from image import HINT, Image, build
from small_sites import ROOT

from tests.service.test_running import ASK, GUNICORN, Running, free_port, started

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    root = os.environ.get("RECOMMENDER_CLEAN_ROOT")
    if root is None or os.getuid() != 0:
        pytest.skip(HINT)
    return build(Path(root), tmp_path_factory.mktemp("image"))


@pytest.fixture
def open_site(site: Path) -> Path:
    """A site that another user can read, as a volume is."""
    subprocess.run(["chmod", "-R", "a+rX", str(site)], check=True)
    return site


@pytest.mark.slow  # installs the service, starts it
def test_the_image_serves_the_api_alone_from_a_root_that_nothing_writes_to(image: Image, open_site: Path) -> None:
    assert image.megabytes() < 350
    port = free_port()
    arguments = image.command(image.entry, open_site, RECOMMENDER_BIND=f"127.0.0.1:{port}", RECOMMENDER_WORKERS="2")
    with started(open_site, arguments, lambda text: port if "Booting worker" in text else None) as running:
        assert json.loads(running.get(ASK)[2])["related"]
        assert running.get("/")[0] == 404
        assert b"recommender_processes 3.0" in running.get("/metrics")[2]
        tried = "import os; print(os.getuid()); open('/site/x', 'w')"
        done = subprocess.run(
            image.command(["python3", "-c", tried], open_site), capture_output=True, text=True, check=False
        )
        assert (done.stdout, "Read-only file system" in done.stderr) == ("10001\n", True)
        healthy = [part.replace(":8080", f":{port}") for part in image.check]
        assert subprocess.run(image.command(healthy, open_site), check=False).returncode == 0
    assert subprocess.run(image.command(healthy, open_site), check=False, stderr=subprocess.DEVNULL).returncode == 1


def test_the_image_holds_only_what_serving_loads() -> None:
    """What install-service.sh leaves out is loaded by no request; tests/test_architecture.py has who may load it."""
    script = (DEPLOY / "install-service.sh").read_text(encoding="utf-8")
    left_out = re.search(r"^rm -rf (.*)$", script, re.MULTILINE)[1].split()
    assert {"sklearn", "scipy"} <= set(left_out)
    blocked = [name for name in left_out if re.fullmatch(r"\w+", name)]
    without = f"import sys; sys.modules.update(dict.fromkeys({blocked}))"
    code = f"{without}; import recommender.service.app, gunicorn.app.wsgiapp"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_compose_is_valid_by_its_schema_and_serves_two_servers() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    subprocess.run([*checker, str(DEPLOY / "compose.yaml")], check=True, capture_output=True)
    api, pages, proxy = (COMPOSE["services"][name] for name in ("api", "pages", "proxy"))
    assert all(one["read_only"] for one in (api, pages, proxy))
    assert "RECOMMENDER_PAGES" not in api["environment"]
    assert pages["environment"]["RECOMMENDER_PAGES"] == "1"
    assert "ports" not in {*api, *pages}
    assert "127.0.0.1:8081:8081" in proxy["ports"]
    for volume in proxy["volumes"][:-1]:  # the last is the user's own
        inside = volume.split("/deploy/")[1].split(":")[0]
        assert (DEPLOY / inside).is_file()


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: apt-get install systemd")
    unit = (DEPLOY / "recommender.service").read_text(encoding="utf-8")
    here = tmp_path / "recommender.service"
    here.write_text(unit.replace("/opt/recommender/bin/gunicorn", "/bin/true"), encoding="utf-8")
    done = subprocess.run([analyze, "verify", "--man=no", str(here)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", str(here)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow  # starts servers
def test_the_proxy_of_compose_asks_for_a_password_before_the_pages(site: Path) -> None:
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    ports = {name: free_port() for name in ("api", "pages", "80", "8081")}
    for name in ("nginx-http.conf", "nginx-api.conf", "compose-nginx.conf"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        for old, new in {
            "api:8080": f"127.0.0.1:{ports['api']}",
            "pages:8080": f"127.0.0.1:{ports['pages']}",
            "listen 80;": f"listen 127.0.0.1:{ports['80']};",
            "listen 8081;": f"listen 127.0.0.1:{ports['8081']};",
            "/run/": f"{site}/",
            "/var/cache/": f"{site}/",
        }.items():
            text = text.replace(old, new)
        (site / name).write_text(text, encoding="utf-8")
    (site / "recommender.htpasswd").write_text("anna:{PLAIN}secret\n", encoding="utf-8")
    other = Path(shutil.copytree(site, site.parent / "pages"))  # for a log of its own
    with (
        _workers(site, ports["api"]),
        _workers(other, ports["pages"], RECOMMENDER_PAGES="1", RECOMMENDER_HOSTS="localhost"),
    ):
        process = subprocess.Popen([nginx, "-c", str(site / "compose-nginx.conf"), "-g", "daemon off; user root;"])
        try:
            assert _status(ports["80"], ASK) == 200
            assert _status(ports["80"], "/") == 404
            assert _status(ports["8081"], "/") == 401
            assert _status(ports["8081"], "/metrics") == 401
            assert _status(ports["8081"], "/", Authorization="Basic YW5uYTpzZWNyZXQ=") == 200
        finally:
            process.terminate()
            process.wait(20)


def _workers(site: Path, port: int, **variables: str) -> AbstractContextManager[Running]:
    variables |= {"RECOMMENDER_BIND": f"127.0.0.1:{port}", "RECOMMENDER_WORKERS": "1"}
    return started(site, GUNICORN, lambda text: port if "Booting worker" in text else None, **variables)


def _status(port: int, path: str, **headers: str) -> int:
    for _ in range(100):  # until nginx listens
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        except ConnectionRefusedError:
            subprocess.run(["sleep", "0.05"], check=True)
        finally:
            connection.close()
    raise AssertionError("nginx does not listen")
