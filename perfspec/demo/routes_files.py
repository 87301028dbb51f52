"""Files and jobs: presigned uploads, multipart uploads, reports that take a while."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec
from werkzeug.exceptions import BadRequest, Forbidden

from perfspec.demo.uploads import LIFE_S
from perfspec.demo.web import Incoming, Shop, customer, found, reply

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage
    from werkzeug.wrappers import Response

    from perfspec.demo.web import View


class ReportOrder(msgspec.Struct):
    """``fail`` makes the report end as ``failed``."""

    fail: bool = False


def announce(shop: Shop, request: Incoming) -> Response:
    """201 ``{upload_id, upload_url, expires_in}`` for a signed-in user."""
    upload, url = shop.uploads.announce(customer(shop, request))
    answer = {"upload_id": upload.upload_id, "upload_url": url, "expires_in": LIFE_S}
    return reply(answer, 201, {"Location": f"/uploads/{upload.upload_id}"})


def put_object(shop: Shop, request: Incoming) -> Response:
    """Takes the bytes of an announced upload: 200 with an ETag; 403 for a bad signature."""
    if "Authorization" in request.headers:
        msg = "a presigned URL carries its own permission: send no Authorization"
        raise BadRequest(msg)  # as S3 does
    expires, signature = (request.args.get(name, "") for name in ("expires", "signature"))
    if not shop.uploads.allows(request.part, expires, signature):
        msg = "this URL was not signed here, or has expired"
        raise Forbidden(msg)
    received = shop.uploads.receive(request.part, request.get_data())
    return reply({"size": received.size}, headers={"ETag": f'"{received.sha256}"'})


def upload(shop: Shop, request: Incoming) -> Response:
    """The state of the user's own upload, 404 for any other."""
    user = customer(shop, request)
    return reply(found(shop.uploads.upload(user, request.part), "upload"))


def multipart(_shop: Shop, request: Incoming) -> Response:
    """201 ``{files: [{field, filename, type, size, sha256}], fields}``."""
    files = [_described(name, each) for name, each in request.files.items(multi=True)]
    if not files:
        msg = "send at least one file as multipart/form-data"
        raise BadRequest(msg)
    return reply({"files": files, "fields": request.form.to_dict()}, 201)


def _described(field: str, file: FileStorage) -> dict[str, str | int | None]:
    content = file.read()
    return {
        "field": field,
        "filename": file.filename,
        "type": file.content_type,
        "size": len(content),
        "sha256": sha256(content).hexdigest(),
    }


def order_report(shop: Shop, request: Incoming) -> Response:
    """``{fail}`` or no body → 202 ``{id, status: pending}``."""
    wanted = request.read(ReportOrder) if request.get_data() else ReportOrder()
    report = shop.reports.begin(fail=wanted.fail)
    return reply(report, 202, {"Location": f"/reports/{report.id}"})


def report(shop: Shop, request: Incoming) -> Response:
    """``{id, status}``: pending, then done or failed."""
    return reply(found(shop.reports.report(request.part), "report"))


ROUTES: Final[dict[str, View]] = {
    "POST /uploads/init": announce,
    "PUT /objects/{id}": put_object,
    "GET /uploads/{id}": upload,
    "POST /upload": multipart,
    "POST /reports": order_report,
    "GET /reports/{id}": report,
}
