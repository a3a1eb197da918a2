"""OpenStack Swift with its S3 interface on a free port of loopback, in one process: `python swift_server.py FOLDER`.

Runs in an environment that holds swift (requirements-swift.txt). Prints `ready <url>` once it answers, and ends when
its standard input does.
"""

import eventlet

eventlet.monkey_patch()

import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from eventlet import tpool, wsgi  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

STORAGE = ("account", "container", "object")

SWIFT = """\
[swift-hash]
swift_hash_path_prefix = lab
swift_hash_path_suffix = lab
[storage-policy:0]
name = default
default = yes
[swift-constraints]
max_header_size = 16384
"""

STORAGE_SERVER = """\
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
{patience}
"""

PATIENCE = """\
conn_timeout = 30
node_timeout = 60
container_update_timeout = 60"""
"""No server gives another up on a busy machine: nothing here would deliver an update of a listing later."""

PROXY_SERVER = """\
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck listing_formats s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
{patience}
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
auth_pipeline_check = false
[filter:tempauth]
use = egg:swift#tempauth
user_lab_tester = {secret} .admin
"""


def serve(folder: Path, secret: str) -> str:
    """Starts the three storage servers and the proxy; gives the proxy's address."""
    (folder / "devices" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT)
    utils.set_swift_dir(str(folder))
    for kind in STORAGE:
        listener = eventlet.listen(("127.0.0.1", 0))
        _ring(folder / f"{kind}.ring.gz", listener.getsockname()[1])
        _start(
            listener, folder / f"{kind}-server.conf", STORAGE_SERVER.format(folder=folder, kind=kind, patience=PATIENCE)
        )
    listener = eventlet.listen(("127.0.0.1", 0))
    _start(listener, folder / "proxy-server.conf", PROXY_SERVER.format(folder=folder, secret=secret, patience=PATIENCE))
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _ring(path: Path, port: int) -> None:
    builder = RingBuilder(part_power=2, replicas=1, min_part_hours=1)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1.0})
    builder.rebalance()
    builder.get_ring().save(str(path))


def _start(listener: eventlet.greenio.GreenSocket, configuration: Path, text: str) -> None:
    configuration.write_text(text)
    # Metaflow looks for its metadata in lower case, as S3 sends it.
    options = {"log_output": False, "protocol": SwiftHttpProtocol, "capitalize_response_headers": False}
    eventlet.spawn(wsgi.server, listener, loadapp(str(configuration)), **options)


if __name__ == "__main__":
    sys.stdout.write(f"ready {serve(Path(sys.argv[1]), os.environ['SWIFT_SECRET'])}\n")
    sys.stdout.flush()
    # Ends with the process that started it, whatever ended that one.
    tpool.execute(sys.stdin.read)
