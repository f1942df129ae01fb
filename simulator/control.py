"""The control endpoint: a person or a test looks at the farm and breaks things."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from .farm import Farm
from .member import SimulatedMiner

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FARM = web.AppKey("farm", Farm)


def _miner(request: web.Request) -> SimulatedMiner:
    """Return the miner that the path names."""
    name = request.match_info["name"]
    farm = request.app[FARM]
    if name not in farm:
        raise web.HTTPNotFound(text=f"No miner is called {name}")
    return farm[name]


async def _body(request: web.Request) -> dict[str, Any]:
    """Return the JSON object in the body."""
    body = await request.json()
    if not isinstance(body, dict):
        raise TypeError("The body is a JSON object")
    return body


def _summary(miner: SimulatedMiner) -> dict[str, Any]:
    """Return what identifies a miner and what it does."""
    return {
        "name": miner.name,
        "url": miner.url,
        "model": miner.spec.model,
        "firmware": miner.firmware,
        "phase": miner.phase,
        "faults": list(miner.active_faults),
    }


async def _miners(request: web.Request) -> web.Response:
    """List the miners."""
    return web.json_response([_summary(miner) for miner in request.app[FARM]])


async def _inject(request: web.Request) -> web.Response:
    """Let a fault begin."""
    miner, body = _miner(request), await _body(request)
    miner.inject(body.pop("fault"), body.pop("duration", None), **body)
    return web.json_response(_summary(miner))


async def _clear(request: web.Request) -> web.Response:
    """End a fault, or all."""
    miner = _miner(request)
    miner.clear(request.match_info.get("fault"))
    return web.json_response(_summary(miner))


async def _requests(request: web.Request) -> web.Response:
    """List the requests that a miner received."""
    return web.json_response([asdict(item) for item in _miner(request).requests])


async def _truth(request: web.Request) -> web.Response:
    """Tell what is really going on."""
    return web.json_response(asdict(_miner(request).truth))


async def _reply(request: web.Request) -> web.Response:
    """Tell what a miner would answer."""
    return web.json_response(_miner(request).reply(request.match_info["endpoint"]))


async def _firmware(request: web.Request) -> web.Response:
    """Install another firmware."""
    miner, body = _miner(request), await _body(request)
    miner.update_firmware(body["version"])
    return web.json_response(_summary(miner))


async def _reboot(request: web.Request) -> web.Response:
    """Restart a miner."""
    miner = _miner(request)
    miner.reboot()
    return web.json_response(_summary(miner))


async def _move(request: web.Request) -> web.Response:
    """Let a miner listen elsewhere."""
    miner, body = _miner(request), await _body(request)
    await miner.move(body.get("host", miner.host), body.get("port", 0))
    return web.json_response(_summary(miner))


async def _power(request: web.Request) -> web.Response:
    """Cut the power or give it back."""
    miner, body = _miner(request), await _body(request)
    await (miner.start() if body["on"] else miner.stop())
    return web.json_response(_summary(miner))


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a wrong request with the reason."""
    try:
        return await handler(request)
    except (ValueError, TypeError, OSError) as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    except KeyError as error:
        raise web.HTTPBadRequest(text=f"Missing: {error}") from error


def control_app(farm: Farm) -> web.Application:
    """Return the control endpoint of a farm."""
    app = web.Application(middlewares=[_explain])
    app[FARM] = farm
    miner = "/miners/{name}"
    app.add_routes(
        [
            web.get("/miners", _miners),
            web.post(f"{miner}/faults", _inject),
            web.delete(f"{miner}/faults", _clear),
            web.delete(f"{miner}/faults/{{fault}}", _clear),
            web.get(f"{miner}/requests", _requests),
            web.get(f"{miner}/truth", _truth),
            web.get(f"{miner}/reply/{{endpoint}}", _reply),
            web.post(f"{miner}/firmware", _firmware),
            web.post(f"{miner}/reboot", _reboot),
            web.post(f"{miner}/move", _move),
            web.post(f"{miner}/power", _power),
        ]
    )
    return app
